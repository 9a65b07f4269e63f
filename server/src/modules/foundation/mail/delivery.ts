// Sending what was written: a job for each mail, tried again for a day.
import Type, { type Static } from 'typebox'
import { type Mailer, MailRefused } from '../../../drivers/mailer/index.ts'
import { type JobDefinition, JobRefused, type JobRun, type JobSettings } from '../../../drivers/queue/index.ts'
import type { Sealer } from '../../../drivers/sealing/index.ts'
import type { Events } from '../events/index.ts'
import { MailFailed, MailSent } from './mail.events.ts'
import * as queries from './mail.queries.ts'

const Payload = Type.Object({ mailId: Type.String({ minLength: 1, maxLength: 64 }) }, { additionalProperties: false })

/** More tries than fit into the day after which claim() gives up. */
export const deliverMail = {
  name: 'mail.deliver',
  schema: Payload,
  retry: { limit: 100, delaySeconds: 15, backoff: true, maxDelaySeconds: 3_600 },
  timeoutSeconds: 60,
  concurrency: 5,
} satisfies JobSettings

export interface DeliveryParts {
  mailer: Mailer
  sealer: Pick<Sealer, 'open'>
  events: Pick<Events, 'publish'>
  from: { address: string; name: string }
}

/** The context under which a mail's content is sealed. */
export const sealContext = (id: string) => `mail ${id}`

export function deliveryJob(parts: DeliveryParts): JobDefinition<typeof Payload> {
  return {
    ...deliverMail,
    handler: (run) => deliver(run, parts),
    abandoned: async ({ payload, database, reason }) => {
      await database.transaction(async (tx) => {
        const failed = await queries.markFailed(tx, payload.mailId, reason, null)
        if (failed) parts.events.publish(tx, MailFailed, factOf(payload.mailId))
      })
    },
    // The secret that a mail brings is forgotten when it is given up.
    revived: async () => {
      throw new JobRefused('A mail that was given up is not sent again: ask for a new one.')
    },
  }
}

async function deliver(
  run: JobRun<Static<typeof Payload>>,
  { mailer, sealer, events, from }: DeliveryParts,
): Promise<void> {
  const { database, payload, log } = run
  const mail = await queries.claim(database, payload.mailId)
  if (!mail) return
  if (mail.state === 'cancelled') return log.info({ mailId: mail.id }, 'a mail was not sent: its link has died')
  if (mail.state === 'failed') throw new JobRefused(mail.lastError ?? 'The mail server could not be reached for a day.')
  let answer: string
  try {
    answer = (await mailer.send({ ...contentOf(mail, sealer), ...headersOf(mail), from })).response
  } catch (error) {
    if (!(error instanceof MailRefused)) throw error
    const response = error.response ?? null
    if (!error.permanent) {
      await queries.markWaiting(database, mail.id, error.message, response)
      throw error
    }
    log.warn({ mailId: mail.id, answer: response }, 'a mail was refused by the mail server')
    return database.transaction(async (tx) => {
      await queries.markFailed(tx, mail.id, error.message, response)
      events.publish(tx, MailFailed, factOf(mail.id))
      await run.complete(tx)
    })
  }
  // From here to COMMIT a crash means a second delivery, under the same Message-ID.
  await database.transaction(async (tx) => {
    await queries.markSent(tx, mail.id, answer)
    events.publish(tx, MailSent, factOf(mail.id))
    await run.complete(tx)
  })
}

function factOf(mailId: string) {
  return { aggregateId: mailId, payload: {}, actor: { kind: 'system', name: 'mail' } } as const
}

function headersOf(mail: queries.WholeRow) {
  return {
    to: { address: mail.recipients[0]!, name: mail.recipientNames[0] ?? '' },
    subject: mail.subject,
    messageId: mail.messageId!,
  }
}

function contentOf(
  { id, sealed, html, text }: queries.WholeRow,
  sealer: Pick<Sealer, 'open'>,
): { html: string; text: string } {
  if (sealed === null) return { html: html ?? '', text: text ?? '' }
  try {
    return JSON.parse(sealer.open(sealed, sealContext(id)))
  } catch (error) {
    throw new JobRefused((error as Error).message, { cause: error })
  }
}
