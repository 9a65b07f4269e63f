// Mails and what became of them.
import { sql } from 'drizzle-orm'
import { check, index, integer, pgTable, text } from 'drizzle-orm/pg-core'
import { moment, momentNow, tenantId } from '../../../drivers/database/columns.ts'

export const mails = pgTable(
  'mails',
  {
    id: text().primaryKey(),
    tenantId: tenantId(),
    template: text(),
    locale: text().notNull(),
    subject: text().notNull(),
    recipients: text().array().notNull(),
    /** The display names of the recipients, in their order. */
    recipientNames: text().array().notNull().default(sql`'{}'`),
    from: text().notNull(),
    html: text(),
    text: text(),
    /** The whole content, encrypted, of a mail that carries a live secret, until it is sent; html and text lack the secret. */
    sealed: text(),
    state: text({ enum: ['queued', 'sending', 'sent', 'failed', 'outbox', 'cancelled'] })
      .notNull()
      .default('queued'),
    attempts: integer().notNull().default(0),
    lastError: text(),
    providerAnswer: text(),
    messageId: text(),
    createdAt: momentNow(),
    /** After this moment the mail is not sent any more: what it brings has died. */
    expiresAt: moment(),
    sentAt: moment(),
  },
  (table) => [
    check('mails_state_check', sql`${table.state} IN ('queued', 'sending', 'sent', 'failed', 'outbox', 'cancelled')`),
    index('mails_tenantId_createdAt_id_idx').on(table.tenantId, table.createdAt.desc(), table.id.desc()),
  ],
)

export type MailRow = typeof mails.$inferSelect
