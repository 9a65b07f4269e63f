// The mails' SQL: kept, claimed by a worker, and closed with what became of them.
import { containing, type Executor, type Sql, sql, where } from '../../../drivers/database/index.ts'
import type { MailQuery } from './mail.schema.ts'
import type { MailRow } from './mail.tables.ts'

export interface NewMail {
  id: string
  template: string
  locale: string
  subject: string
  recipient: { address: string; name: string }
  from: string
  html: string
  text: string
  sealed: string | null
  state: 'queued' | 'outbox'
  messageId: string
  expiresInSeconds: number | null
}

const SUMMARY = sql`id, template, locale, subject, recipients, "from", state, attempts, "lastError", "createdAt", "sentAt"`
const WHOLE = sql`${SUMMARY}, "recipientNames", html, text, sealed, "providerAnswer", "messageId", "expiresAt"`

export type SummaryRow = Pick<
  MailRow,
  | 'id'
  | 'template'
  | 'locale'
  | 'subject'
  | 'recipients'
  | 'from'
  | 'state'
  | 'attempts'
  | 'lastError'
  | 'createdAt'
  | 'sentAt'
>
export type WholeRow = Omit<MailRow, 'tenantId'>

/** How long a mail waits for its server. */
export const PATIENCE = sql`interval '24 hours'`

/** Dates are kept in milliseconds, as the program reads them, so that a cursor made from a row finds exactly what follows it. */
export function insert(db: Executor, mail: NewMail): Promise<number> {
  return db.run(sql`
    INSERT INTO mails (id, template, locale, subject, recipients, "recipientNames", "from", html, text, sealed, state, "messageId", "createdAt", "expiresAt")
    VALUES (${mail.id}, ${mail.template}, ${mail.locale}, ${mail.subject}, ${[mail.recipient.address]}, ${[mail.recipient.name]},
      ${mail.from}, ${mail.html}, ${mail.text}, ${mail.sealed}, ${mail.state}, ${mail.messageId},
      date_trunc('milliseconds', now()),
      now() + make_interval(secs => ${mail.expiresInSeconds}))`)
}

export function find(db: Executor, id: string): Promise<WholeRow | undefined> {
  return db.one<WholeRow>(sql`SELECT ${WHOLE} FROM mails WHERE id = ${id}`)
}

export function list(
  db: Executor,
  query: MailQuery,
  limit: number,
  offset: number,
  after: readonly [string, string] | undefined,
): Promise<SummaryRow[]> {
  const beyond = after && sql`("createdAt", id) < (${after[0]}::timestamptz, ${after[1]})`
  return db.query<SummaryRow>(sql`
    SELECT ${SUMMARY}
    FROM mails ${where([...filters(query), beyond])}
    ORDER BY "createdAt" DESC, id DESC LIMIT ${limit} OFFSET ${offset}`)
}

export async function count(db: Executor, query: MailQuery): Promise<number> {
  const row = await db.one<{ total: number }>(sql`SELECT count(*) AS total FROM mails ${where(filters(query))}`)
  return row?.total ?? 0
}

function filters({ search, state }: MailQuery): Sql[] {
  const pattern = search && containing(search)
  return [
    state !== undefined && sql`state = ${state}`,
    pattern &&
      sql`(array_to_string(recipients, ' ') ILIKE ${pattern} OR subject ILIKE ${pattern} OR template ILIKE ${pattern})`,
  ].filter((condition): condition is Sql => Boolean(condition))
}

/**
 * Takes a mail to send it. It comes back `sending`, or `cancelled` when what it brings has died, or `failed` when its server
 * could not be reached for too long. Undefined when there is nothing to send any more.
 */
export function claim(db: Executor, id: string): Promise<WholeRow | undefined> {
  return db.one<WholeRow>(sql`
    UPDATE mails SET
      state = next.step,
      attempts = attempts + CASE next.step WHEN 'sending' THEN 1 ELSE 0 END,
      sealed = CASE next.step WHEN 'sending' THEN sealed END
    FROM (
      SELECT id AS claimed, CASE
        WHEN "expiresAt" <= now() THEN 'cancelled'
        WHEN attempts > 0 AND "createdAt" <= now() - ${PATIENCE} THEN 'failed'
        ELSE 'sending'
      END AS step
      FROM mails WHERE id = ${id} AND state IN ('queued', 'sending') FOR UPDATE
    ) next
    WHERE id = next.claimed
    RETURNING ${WHOLE}`)
}

export function markSent(db: Executor, id: string, answer: string): Promise<number> {
  return db.run(sql`
    UPDATE mails SET state = 'sent', "sentAt" = now(), "providerAnswer" = ${answer}, "lastError" = NULL, sealed = NULL
    WHERE id = ${id}`)
}

/** Another try will come. */
export function markWaiting(db: Executor, id: string, error: string, answer: string | null): Promise<number> {
  return db.run(sql`
    UPDATE mails SET state = 'queued', "lastError" = ${error}, "providerAnswer" = COALESCE(${answer}, "providerAnswer")
    WHERE id = ${id} AND state = 'sending'`)
}

/** No other try will come. */
export function markFailed(db: Executor, id: string, error: string, answer: string | null): Promise<number> {
  return db.run(sql`
    UPDATE mails SET state = 'failed', "lastError" = ${error}, "providerAnswer" = COALESCE(${answer}, "providerAnswer"), sealed = NULL
    WHERE id = ${id} AND state IN ('queued', 'sending')`)
}
