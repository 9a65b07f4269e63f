// The SQL of mails as they are written and read.
import type { PagePlace, Placed } from '../../../core/page.ts'
import {
  containing,
  countUpTo,
  type Executor,
  ordering,
  type SortKey,
  type Sql,
  sql,
  where,
} from '../../../drivers/database/index.ts'
import type { MailQuery, SORT_KEYS } from './mail.schema.ts'
import type { AttachmentRow, AttemptRow, MailRow, RecipientRow } from './mail.tables.ts'

export interface NewRecipient extends Pick<RecipientRow, 'kind' | 'address' | 'name'> {}

export interface NewMail
  extends Pick<
    MailRow,
    | 'id'
    | 'template'
    | 'locale'
    | 'subject'
    | 'from'
    | 'replyTo'
    | 'sentBy'
    | 'html'
    | 'text'
    | 'sealed'
    | 'secret'
    | 'jobId'
  > {
  recipients: NewRecipient[]
  state: 'queued' | 'outbox'
  messageId: string
  expiresInSeconds: number | null
}

const SUMMARY = sql`id, template, locale, subject, recipients, "from", "sentBy", state, attempts, "lastError", "createdAt", "sentAt"`
export const WHOLE = sql`${SUMMARY}, "replyTo", html, text, sealed, secret, "providerAnswer", "messageId", "jobId", "expiresAt", "contentDeletedAt"`

export type SummaryRow = Pick<
  MailRow,
  | 'id'
  | 'template'
  | 'locale'
  | 'subject'
  | 'recipients'
  | 'from'
  | 'sentBy'
  | 'state'
  | 'attempts'
  | 'lastError'
  | 'createdAt'
  | 'sentAt'
>
export type WholeRow = Omit<MailRow, 'tenantId' | 'queuedAt'>

/**
 * Writes a mail and its recipients. Dates are kept in milliseconds, as the program reads them, so that a cursor made from a row
 * finds exactly what follows it.
 */
export function insert(db: Executor, mail: NewMail): Promise<number> {
  const { recipients } = mail
  return db.run(sql`
    WITH kept AS (
      INSERT INTO mails (id, template, locale, subject, recipients, "from", "replyTo", "sentBy", html, text, sealed, secret,
        state, "messageId", "jobId", "createdAt", "expiresAt")
      VALUES (${mail.id}, ${mail.template}, ${mail.locale}, ${mail.subject}, ${recipients.map(({ address }) => address)},
        ${mail.from}, ${mail.replyTo}, ${mail.sentBy}, ${mail.html}, ${mail.text}, ${mail.sealed}, ${mail.secret},
        ${mail.state}, ${mail.messageId}, ${mail.jobId}, date_trunc('milliseconds', now()),
        now() + make_interval(secs => ${mail.expiresInSeconds}))
    )
    INSERT INTO mail_recipients ("mailId", position, kind, address, name)
    SELECT ${mail.id}, each.position, each.kind, each.address, each.name
    FROM unnest(${recipients.map(({ kind }) => kind)}::text[], ${recipients.map(({ address }) => address)}::text[],
      ${recipients.map(({ name }) => name)}::text[]) WITH ORDINALITY each (kind, address, name, position)`)
}

export function find(db: Executor, id: string): Promise<WholeRow | undefined> {
  return db.one<WholeRow>(sql`SELECT ${WHOLE} FROM mails WHERE id = ${id}`)
}

export function recipientsOf(db: Executor, id: string): Promise<RecipientRow[]> {
  return db.query<RecipientRow>(sql`SELECT * FROM mail_recipients WHERE "mailId" = ${id} ORDER BY position`)
}

/** The last hundred, oldest first. */
export function attemptsOf(db: Executor, id: string): Promise<AttemptRow[]> {
  return db.query<AttemptRow>(sql`
    SELECT * FROM (SELECT * FROM mail_attempts WHERE "mailId" = ${id} ORDER BY number DESC LIMIT 100) last ORDER BY number`)
}

export function attachmentsOf(db: Executor, id: string): Promise<AttachmentRow[]> {
  return db.query<AttachmentRow>(sql`SELECT * FROM mail_attachments WHERE "mailId" = ${id} ORDER BY position`)
}

const SORT: Record<(typeof SORT_KEYS)[number], SortKey> = {
  createdAt: { column: sql`"createdAt"`, type: 'timestamptz' },
  sentAt: { column: sql`"sentAt"`, type: 'timestamptz', nullsLast: true },
  subject: { column: sql`subject`, type: 'text' },
}

export function list(
  db: Executor,
  query: MailQuery,
  { limit, offset, after }: PagePlace,
): Promise<(SummaryRow & Placed)[]> {
  const order = ordering(SORT[query.sortBy ?? 'createdAt'], sql`id`, query.sortOrder ?? 'desc')
  return db.query<SummaryRow & Placed>(sql`
    SELECT ${SUMMARY}, ${order.place} FROM mails ${where([...filters(query), order.past(after)])}
    ${order.by} LIMIT ${limit} OFFSET ${offset}`)
}

export function count(db: Executor, query: MailQuery): Promise<number> {
  return countUpTo(db, sql`FROM mails ${where(filters(query))}`)
}

function filters({ search, state, template, recipient, since, until }: MailQuery): (Sql | false | undefined)[] {
  const pattern = search ? containing(search) : undefined
  return [
    state !== undefined && sql`state = ${state}`,
    template !== undefined && sql`template = ${template}`,
    recipient !== undefined &&
      sql`id IN (SELECT "mailId" FROM mail_recipients WHERE lower(address) = lower(${recipient}::text))`,
    since !== undefined && sql`"createdAt" >= ${since}`,
    until !== undefined && sql`"createdAt" < ${until}`,
    pattern !== undefined &&
      sql`(array_to_string(recipients, ' ') ILIKE ${pattern} OR subject ILIKE ${pattern} OR template ILIKE ${pattern})`,
  ]
}
