// Sending what was written: a job for each mail, tried again for a day, for whoever does not have it yet.
import { Readable } from 'node:stream'
import Type, { type Static } from 'typebox'
import type { Executor } from '../../../drivers/database/index.ts'
import { type Mailer, MailRefused, type Refusal } from '../../../drivers/mailer/index.ts'
import { type JobDefinition, JobRefused, type JobRun, type JobSettings } from '../../../drivers/queue/index.ts'
import type { Sealer } from '../../../drivers/sealing/index.ts'
import type { Metrics } from '../../../drivers/telemetry/index.ts'
import type { Events } from '../events/index.ts'
import { readChunk } from './attachments.queries.ts'
import * as queries from './delivery.queries.ts'
import { MailFailed, MailSent } from './mail.events.ts'
import { attachmentsOf, recipientsOf, type WholeRow } from './mail.queries.ts'
import type { AttachmentRow, RecipientRow } from './mail.tables.ts'

const Payload = Type.Object({ mailId: Type.String({ minLength: 1, maxLength: 64 }) }, { additionalProperties: false })

/** More tries than fit into the day after which claim() gives up. */
export const deliverMail = {
  name: 'mail.deliver',
  schema: Payload,
  retry: { limit: 100, delaySeconds: 15, backoff: true, maxDelaySeconds: 3_600 },
  // Attachments take their time on a slow line; a server that says nothing is left after ten seconds.
  timeoutSeconds: 300,
  concurrency: 5,
} satisfies JobSettings

export interface DeliveryParts {
  mailer: Mailer
  sealer: Pick<Sealer, 'open'>
  from: { address: string; name: string }
  events: Pick<Events, 'publish'>
  metrics: Pick<Metrics, 'count'>
  /** What a person's retry does to the mail of a job. */
  revived: NonNullable<JobDefinition<typeof Payload>['revived']>
}

/** The context under which a mail's content is sealed. */
export const sealContext = (id: string) => `mail ${id}`

/** Whether the server could be reached a moment ago, as far as this process knows. */
interface Reach {
  awayUntil: number
}

export function deliveryJob(parts: DeliveryParts): JobDefinition<typeof Payload> {
  const reach: Reach = { awayUntil: 0 }
  return {
    ...deliverMail,
    handler: (run) => deliver(run, { ...parts, reach }),
    abandoned: async ({ payload, database, jobId, reason }) => {
      await database.transaction(async (tx) => {
        if (!(await queries.giveUp(tx, { id: payload.mailId, jobId, error: reason }))) return
        parts.events.publish(tx, MailFailed, factOf(payload.mailId))
        tx.afterCommit(() => parts.metrics.count('mailsEnded', { state: 'failed' }))
      })
    },
    revived: parts.revived,
  }
}

// While a server is away thousands of mails may wait for it: not each of them has to find out.
const AWAY_MS = 1_000

async function deliver(run: JobRun<Static<typeof Payload>>, parts: DeliveryParts & { reach: Reach }): Promise<void> {
  const { database, payload, log } = run
  if (run.attempt > 1 && performance.now() < parts.reach.awayUntil)
    throw new Error('The mail server could not be reached a moment ago.')
  const mail = await database.transaction(async (tx) => {
    const claimed = await queries.claim(tx, payload.mailId)
    if (claimed?.state === 'failed' || claimed?.state === 'partial')
      parts.events.publish(tx, MailFailed, factOf(claimed.id))
    return claimed
  })
  if (!mail) return
  if (mail.state === 'cancelled') return log.info({ mailId: mail.id }, 'a mail was not sent: its link has died')
  if (mail.state !== 'sending')
    throw new JobRefused(mail.lastError ?? 'The mail server could not be reached for a day.')
  const recipients = await recipientsOf(database, mail.id)
  const outcome = outcomeOf(mail, recipients, await attempt(run, mail, recipients, parts))
  const isOver = outcome.state !== 'queued'
  parts.metrics.count('mailTries', { outcome: outcome.outcome ?? 'unknown' })
  if (outcome.outcome === 'refused')
    log.warn({ mailId: mail.id, answer: outcome.answer }, 'a mail was refused by the mail server')
  // From the server's answer to COMMIT a crash means a second delivery, under the same Message-ID.
  await database.transaction(async (tx) => {
    await queries.settle(tx, outcome)
    if (!isOver) return
    parts.events.publish(tx, outcome.state === 'sent' ? MailSent : MailFailed, factOf(mail.id))
    await run.complete(tx)
    tx.afterCommit(() => parts.metrics.count('mailsEnded', { state: outcome.state }))
  })
  if (!isOver) throw new Error(outcome.error ?? 'The mail server did not take the mail for everybody.')
}

function factOf(mailId: string) {
  return { aggregateId: mailId, payload: {}, actor: { kind: 'system', name: 'mail' } } as const
}

/** What the server said: about each recipient that waited, and in all. */
interface Said {
  answers: Map<string, Pick<RecipientRow, 'state' | 'answer'>>
  answer: string | null
  error: string | null
}

async function attempt(
  { database, signal }: Pick<JobRun, 'database' | 'signal'>,
  mail: WholeRow,
  recipients: RecipientRow[],
  { mailer, sealer, from, reach }: DeliveryParts & { reach: Reach },
): Promise<Said> {
  const waiting = recipients.filter(({ state }) => state === 'waiting').map(({ address }) => address)
  const { html, text } = contentOf(mail, sealer)
  const of = (kind: RecipientRow['kind']) => recipients.filter((one) => one.kind === kind)
  const files = await attachmentsOf(database, mail.id)
  const all = (state: RecipientRow['state'], answer: string | null) =>
    new Map(waiting.map((address) => [address, { state, answer }]))
  try {
    const { response, refused } = await mailer.send({
      from,
      to: of('to'),
      cc: of('cc'),
      replyTo: mail.replyTo ?? undefined,
      envelope: waiting,
      subject: mail.subject,
      html: html ?? undefined,
      text: text ?? undefined,
      attachments: files.map((file) => ({ name: file.name, type: file.type, content: contentStream(database, file) })),
      messageId: mail.messageId!,
      signal,
    })
    const error = refused[0] ? `${refused.length} of ${waiting.length} recipients: ${refused[0].response}` : null
    return { answers: new Map([...all('accepted', response), ...refused.map(answered)]), answer: response, error }
  } catch (error) {
    if (!(error instanceof MailRefused)) throw error
    const { message, response = null, permanent, refused, isUnreachable } = error
    if (isUnreachable) reach.awayUntil = performance.now() + AWAY_MS
    const others = all(permanent && refused.length === 0 ? 'refused' : 'waiting', response)
    return { answers: new Map([...others, ...refused.map(answered)]), answer: response, error: message }
  }
}

function answered({ address, permanent, response }: Refusal) {
  return [address, { state: permanent ? ('refused' as const) : ('waiting' as const), answer: response }] as const
}

function outcomeOf(mail: WholeRow, recipients: RecipientRow[], { answers, answer, error }: Said): queries.Outcome {
  const now = recipients.map(({ address, state }) => answers.get(address)?.state ?? state)
  const isQueued = now.includes('waiting')
  const isAccepted = now.includes('accepted')
  const ended = now.every((state) => state === 'accepted') ? 'sent' : isAccepted ? 'partial' : 'failed'
  const news = [...answers.values()].map(({ state }) => state)
  const refusal = isQueued ? 'deferred' : 'refused'
  const taken = news.every((state) => state === 'accepted') ? 'accepted' : 'partial'
  return {
    id: mail.id,
    number: mail.attempts,
    state: isQueued ? 'queued' : ended,
    outcome: news.includes('accepted') ? taken : refusal,
    answer,
    error,
    recipients: [...answers].map(([address, said]) => ({ address, ...said })),
  }
}

function contentOf(
  { id, sealed, html, text }: WholeRow,
  sealer: Pick<Sealer, 'open'>,
): { html: string | null; text: string | null } {
  if (sealed === null) return { html, text }
  try {
    return JSON.parse(sealer.open(sealed, sealContext(id)))
  } catch (error) {
    throw new JobRefused((error as Error).message, { cause: error })
  }
}

/** The file, piece by piece as it is read. */
function contentStream(db: Executor, { id, bytes }: AttachmentRow): Readable {
  async function* pieces(): AsyncGenerator<Buffer> {
    let read = 0
    for (let position = 0; read < bytes; position++) {
      const piece = await readChunk(db, id, position)
      if (!piece) throw new Error('An attachment is not kept any more.')
      read += piece.length
      yield piece
    }
  }
  return Readable.from(pieces(), { objectMode: false })
}
