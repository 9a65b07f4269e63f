// Mails, what became of them for each recipient and at each try, what they carry, and how much was sent.
import { sql } from 'drizzle-orm'
import {
  type AnyPgColumn,
  boolean,
  check,
  customType,
  foreignKey,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import { idOf, moment, momentNow, setNull, tenantId, tenantIdOfKey } from '../../../drivers/database/columns.ts'

export const mails = pgTable(
  'mails',
  {
    id: text().primaryKey(),
    tenantId: tenantId(),
    template: text(),
    locale: text().notNull(),
    subject: text().notNull(),
    /** Every address that it goes to, whatever its kind. */
    recipients: text().array().notNull(),
    from: text().notNull(),
    replyTo: text(),
    /** Who had it sent; null for what the product writes by itself. */
    sentBy: text().references(idOf('users'), setNull),
    html: text(),
    text: text(),
    /** The whole content, encrypted, of a mail that carries a live secret, until it is sent; html and text lack the secret. */
    sealed: text(),
    /** Whether the content is kept sealed only, and gone once the mail was sent or given up. */
    secret: boolean().notNull().default(false),
    state: text({ enum: ['queued', 'sending', 'sent', 'partial', 'failed', 'outbox', 'cancelled'] })
      .notNull()
      .default('queued'),
    attempts: integer().notNull().default(0),
    lastError: text(),
    providerAnswer: text(),
    messageId: text(),
    /** The job that delivers it. */
    jobId: text(),
    createdAt: momentNow(),
    /** Since when it waits for its server: later than `createdAt` when somebody had it tried again. */
    queuedAt: momentNow(),
    /** After this moment the mail is not sent any more: what it brings has died. */
    expiresAt: moment(),
    sentAt: moment(),
    contentDeletedAt: moment(),
  },
  (table) => [
    check(
      'mails_state_check',
      sql`${table.state} IN ('queued', 'sending', 'sent', 'partial', 'failed', 'outbox', 'cancelled')`,
    ),
    uniqueIndex('mails_tenantId_id_key').on(table.tenantId, table.id),
    index('mails_tenantId_createdAt_id_idx').on(table.tenantId, table.createdAt.desc(), table.id.desc()),
    index('mails_tenantId_state_createdAt_id_idx').on(
      table.tenantId,
      table.state,
      table.createdAt.desc(),
      table.id.desc(),
    ),
    index('mails_tenantId_template_createdAt_id_idx').on(
      table.tenantId,
      table.template,
      table.createdAt.desc(),
      table.id.desc(),
    ),
    index('mails_sentBy_idx').on(table.sentBy),
    index('mails_kept_idx').on(table.createdAt).where(sql`${table.contentDeletedAt} IS NULL`),
  ],
)

/** The reference to the mail that a row belongs to. */
function ofMail(name: string, { tenantId, mailId }: { tenantId: AnyPgColumn; mailId: AnyPgColumn }) {
  return foreignKey({ name, columns: [tenantId, mailId], foreignColumns: [mails.tenantId, mails.id] })
    .onDelete('cascade')
    .onUpdate('cascade')
}

export const mailRecipients = pgTable(
  'mail_recipients',
  {
    tenantId: tenantIdOfKey(),
    mailId: text().notNull(),
    /** From 1, over all kinds. */
    position: integer().notNull(),
    kind: text({ enum: ['to', 'cc', 'bcc'] }).notNull(),
    address: text().notNull(),
    name: text().notNull().default(''),
    state: text({ enum: ['waiting', 'accepted', 'refused', 'failed'] })
      .notNull()
      .default('waiting'),
    /** What the mail server said about this recipient last. */
    answer: text(),
    settledAt: moment(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.mailId, table.position] }),
    check('mail_recipients_kind_check', sql`${table.kind} IN ('to', 'cc', 'bcc')`),
    check('mail_recipients_state_check', sql`${table.state} IN ('waiting', 'accepted', 'refused', 'failed')`),
    ofMail('mail_recipients_mailId_fkey', table),
    index('mail_recipients_tenantId_address_idx').on(table.tenantId, sql`lower(${table.address})`),
  ],
)

export const mailAttempts = pgTable(
  'mail_attempts',
  {
    tenantId: tenantIdOfKey(),
    mailId: text().notNull(),
    /** From 1. */
    number: integer().notNull(),
    startedAt: momentNow(),
    /** Null: it is under way, or the process died on the way. */
    endedAt: moment(),
    outcome: text({ enum: ['accepted', 'partial', 'deferred', 'refused'] }),
    answer: text(),
    error: text(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.mailId, table.number] }),
    check('mail_attempts_outcome_check', sql`${table.outcome} IN ('accepted', 'partial', 'deferred', 'refused')`),
    ofMail('mail_attempts_mailId_fkey', table),
  ],
)

export const mailAttachments = pgTable(
  'mail_attachments',
  {
    id: text().primaryKey(),
    tenantId: tenantId(),
    /** Null while it arrives: what no mail takes is removed. */
    mailId: text(),
    position: integer().notNull().default(0),
    name: text().notNull(),
    type: text().notNull(),
    bytes: integer().notNull(),
    createdAt: momentNow(),
  },
  (table) => [
    ofMail('mail_attachments_mailId_fkey', table),
    uniqueIndex('mail_attachments_tenantId_id_key').on(table.tenantId, table.id),
    index('mail_attachments_tenantId_mailId_idx').on(table.tenantId, table.mailId),
    index('mail_attachments_arriving_idx').on(table.createdAt).where(sql`${table.mailId} IS NULL`),
  ],
)

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' })

export const mailAttachmentChunks = pgTable(
  'mail_attachment_chunks',
  {
    tenantId: tenantIdOfKey(),
    attachmentId: text().notNull(),
    /** From 0. */
    position: integer().notNull(),
    content: bytea().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.attachmentId, table.position] }),
    foreignKey({
      name: 'mail_attachment_chunks_attachmentId_fkey',
      columns: [table.tenantId, table.attachmentId],
      foreignColumns: [mailAttachments.tenantId, mailAttachments.id],
    })
      .onDelete('cascade')
      .onUpdate('cascade'),
  ],
)

export const mailCounters = pgTable(
  'mail_counters',
  {
    tenantId: tenantId(),
    /** `tenant`, or `to:` and an address in lower case. */
    key: text().notNull(),
    hits: integer().notNull(),
    resetsAt: moment().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.key] }),
    index('mail_counters_resetsAt_idx').on(table.resetsAt),
  ],
)

export type MailRow = typeof mails.$inferSelect
export type RecipientRow = typeof mailRecipients.$inferSelect
export type AttemptRow = typeof mailAttempts.$inferSelect
export type AttachmentRow = typeof mailAttachments.$inferSelect
export type ChunkRow = typeof mailAttachmentChunks.$inferSelect
export type CounterRow = typeof mailCounters.$inferSelect
