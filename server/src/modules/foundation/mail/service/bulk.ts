// Many mails in one request, each looked at on its own.
import type { UserActor } from '../../../../core/actor.ts'
import { Problem } from '../../../../core/errors.ts'
import { bodyReader, type RequestFacts } from '../../../../drivers/http/index.ts'
import { type BulkAnswer, type BulkMail, type BulkResult, SingleMail } from '../mail.sending.schema.ts'
import { ownLetter } from './drafts.ts'
import type { Letter } from './parts.ts'
import { recordSent, type SendingParts } from './sending.ts'

export interface Bulk {
  /** Writes those that may be sent in one transaction, and answers at once what became of each. */
  sendBulk(actor: UserActor, mails: BulkMail, facts: RequestFacts): Promise<BulkAnswer>
}

const readMail = bodyReader(SingleMail)

export function createBulk(parts: SendingParts): Bulk {
  const { database, limits, write } = parts

  return {
    async sendBulk(actor, { emails }, facts) {
      const drafts = emails.map((email) => draftOf(email, actor))
      const letters = drafts.filter((draft): draft is Letter => !(draft instanceof Problem))
      const written = letters.length === 0 ? [] : await database.inTenant(actor.tenantId, writeAll)
      const results = drafts.map((draft, index) =>
        draft instanceof Problem ? refused(index, draft) : { ...written.shift()!, index },
      )
      const accepted = results.filter((result) => result.accepted).length
      return { accepted, refused: results.length - accepted, results }

      async function writeAll(tx: Parameters<typeof write>[0]): Promise<BulkResult[]> {
        const outcomes: BulkResult[] = []
        for (const [at, refusal] of (await limits.take(tx, letters)).entries()) {
          if (refusal) {
            outcomes.push(refused(at, refusal))
            continue
          }
          const letter = letters[at]!
          const { id, state } = await write(tx, letter)
          recordSent(parts, tx, { actor, facts }, { id, letter })
          outcomes.push({ index: at, accepted: true, id, state })
        }
        return outcomes
      }
    },
  }
}

function draftOf(email: unknown, actor: UserActor): Letter | Problem {
  try {
    return ownLetter(readMail(email), actor.userId)
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
}

function refused(index: number, { code, message, fields, retryAfter }: Problem): BulkResult {
  const errors = fields.map(({ path, code, message }) => ({ path, code, message }))
  return { index, accepted: false, code, message, errors, ...(retryAfter !== undefined && { retryAfter }) }
}
