// `ashlar audit verify`: reads the audit chain of every tenant and names the first entry that is not as it was written.
import { readArguments, UsageError } from './arguments.ts'
import { withApp } from './runtime.ts'

const USAGE = 'ashlar audit verify [--tenant ID]'

export async function audit(args: string[]): Promise<void> {
  const { values, positionals } = readArguments(args, { tenant: { type: 'string' } })
  if (positionals.join(' ') !== 'verify') throw new UsageError(USAGE)
  await withApp(
    async (app) => {
      let chains = 0
      let broken = 0
      for await (const { tenantId, state, entries, chain, firstBad, reason } of app.audit.verifyEvery(values.tenant)) {
        chains++
        if (state === 'intact') {
          console.log(`${tenantId}: ${entries} entries, intact`)
        } else {
          broken++
          console.error(
            `${tenantId}: broken at entry ${firstBad} of chain ${chain} (${reason}); the ${entries} before it hold`,
          )
        }
      }
      if (chains === 0) throw new UsageError(`There is no tenant "${values.tenant}".`)
      if (broken > 0) process.exitCode = 1
    },
    { existing: true },
  )
}
