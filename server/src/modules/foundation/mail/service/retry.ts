// Another try for a mail, asked for by a person: at the mail or at its job, by the same rules.
import type { UserActor } from '../../../../core/actor.ts'
import type { Problem } from '../../../../core/errors.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { JobRefused } from '../../../../drivers/queue/index.ts'
import * as queries from '../delivery.queries.ts'
import { deliverMail } from '../delivery.ts'
import { mailErrors } from '../mail.errors.ts'
import type { Accepted } from '../mail.sending.schema.ts'
import { acceptedOf } from './log.ts'
import type { MailParts } from './parts.ts'

export interface Retry {
  /** Sends it again to whoever did not get it; one that waits for its next try has it now. */
  retry(actor: UserActor, id: string, facts: RequestFacts): Promise<Accepted>
}

export function createRetry(parts: MailParts): Retry {
  const { database, jobs, mailer, audit } = parts

  async function again(tx: Tx, mail: queries.Retried): Promise<void> {
    if (isOnItsWay(mail)) return void (mail.jobId !== null && (await jobs.hasten(tx, tx.tenantId ?? null, mail.jobId)))
    const jobId = await jobs.enqueue(tx, deliverMail.name, { mailId: mail.id })
    await queries.requeue(tx, mail.id, jobId!)
  }

  return {
    async retry(actor, id, facts) {
      await database.inTenant(actor.tenantId, async (tx) => {
        const mail = await queries.lock(tx, id)
        if (!mail) throw mailErrors('mail.not_found')
        const refusal = refusalOf(mail)
        if (refusal) throw refusal
        if (!mailer) throw mailErrors('mail.no_server')
        await again(tx, mail)
        const deed = { action: 'mail.retry', targetType: 'mail', targetId: id, changes: { state: mail.state } }
        audit.record(tx, actor, deed, facts)
      })
      return acceptedOf(database.tenant(actor.tenantId), id)
    },
  }
}

/** The same for whoever has the job of a mail tried again. Throws `JobRefused` with a sentence for that person. */
export async function revive(tx: Tx, { mailId }: { mailId: string }, jobId: string): Promise<void> {
  const mail = await queries.lock(tx, mailId)
  if (!mail) throw new JobRefused(mailErrors('mail.not_found').message)
  if (isOnItsWay(mail) && mail.jobId === jobId) return
  const refusal = isOnItsWay(mail) ? mailErrors('mail.on_its_way') : refusalOf(mail)
  if (refusal) throw new JobRefused(refusal.message)
  await queries.requeue(tx, mailId, jobId)
}

const isOnItsWay = ({ state }: queries.Retried) => state === 'queued' || state === 'sending'

/** Why no other try can help. */
function refusalOf(mail: queries.Retried): Problem | undefined {
  if (mail.state === 'sent') return mailErrors('mail.already_sent')
  if (mail.state === 'outbox') return mailErrors('mail.in_outbox')
  if (mail.isGone) return mailErrors('mail.content_gone')
  if (mail.isExpired) return mailErrors('mail.expired')
  if (mail.secret && mail.isUnsealed) return mailErrors('mail.secret_gone')
  return undefined
}
