// Long work in short steps.
import { type Database, tenantIds } from '../database/index.ts'

/**
 * Repeats a step until it finds nothing left to do; answers how much all steps did. Throws between two steps when the signal
 * is aborted.
 */
export async function inBatches(signal: AbortSignal | undefined, step: () => Promise<number>): Promise<number> {
  let all = 0
  for (let done = Number.POSITIVE_INFINITY; done > 0; ) {
    signal?.throwIfAborted()
    done = await step()
    all += done
  }
  return all
}

/** The same in one tenant after the other, deleted ones included; answers how much was done in all of them. */
export async function inEveryTenant(
  database: Pick<Database, 'global'>,
  signal: AbortSignal | undefined,
  step: (tenantId: string) => Promise<number>,
): Promise<number> {
  let all = 0
  for (const id of await tenantIds(database.global)) all += await inBatches(signal, () => step(id))
  return all
}
