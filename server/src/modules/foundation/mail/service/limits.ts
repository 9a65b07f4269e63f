// How much people may send: to one address in an hour, and from one tenant in a day.
import type { Problem } from '../../../../core/errors.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import { mailErrors } from '../mail.errors.ts'
import * as queries from '../upkeep.queries.ts'
import type { Letter, MailOptions } from './parts.ts'

export interface Limits {
  /**
   * Counts the letters in the transaction, and answers for each why it may not be sent, or undefined. What is refused is not
   * counted. Others who send from the tenant wait from here to the end of the transaction.
   */
  take(tx: Tx, letters: readonly Pick<Letter, 'recipients'>[]): Promise<(Problem | undefined)[]>
}

const TENANT = 'tenant'
const HOUR = 3_600
const DAY = 86_400

export function createLimits({ perRecipientHour, perTenantDay }: MailOptions): Limits {
  const limitOf = (key: string) => (key === TENANT ? perTenantDay : perRecipientHour)

  return {
    async take(tx, letters) {
      const wanted = letters.map(countsOf)
      const sums = summed(wanted.flat())
      const counters = await queries.countUp(
        tx,
        [...sums].map(([key, hits]) => ({ key, hits, windowSeconds: key === TENANT ? DAY : HOUR })),
      )
      const resets = new Map(counters.map(({ key, resetsInSeconds }) => [key, resetsInSeconds]))
      const left = new Map(counters.map(({ key, hits }) => [key, limitOf(key) - (hits - sums.get(key)!)]))
      const refused: Counts = []
      const verdicts = wanted.map((counts) => {
        const full = counts.find(({ key, hits }) => left.get(key)! < hits)
        if (full) {
          refused.push(...counts)
          const code = full.key === TENANT ? 'mail.tenant_limit' : 'mail.recipient_limit'
          return mailErrors(code, { retryAfter: resets.get(full.key)! })
        }
        for (const { key, hits } of counts) left.set(key, left.get(key)! - hits)
        return undefined
      })
      if (refused.length > 0)
        await queries.countDown(
          tx,
          [...summed(refused)].map(([key, hits]) => ({ key, hits })),
        )
      return verdicts
    },
  }
}

type Counts = { key: string; hits: number }[]

function countsOf({ recipients }: Pick<Letter, 'recipients'>): Counts {
  const each = recipients.map(({ address }) => ({ key: `to:${address.toLowerCase()}`, hits: 1 }))
  return [{ key: TENANT, hits: recipients.length }, ...each]
}

function summed(counts: Counts): Map<string, number> {
  const sums = new Map<string, number>()
  for (const { key, hits } of counts) sums.set(key, (sums.get(key) ?? 0) + hits)
  return sums
}
