// The templates that tenants wrote: in the place of the product's, and of their own.
import { sql } from 'drizzle-orm'
import { check, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { momentNow, tenantId } from '../../../drivers/database/columns.ts'

export const mailTemplates = pgTable(
  'mail_templates',
  {
    tenantId: tenantId(),
    name: text().notNull(),
    locale: text().notNull(),
    subject: text().notNull(),
    html: text().notNull(),
    /** Null: made from the HTML. */
    text: text(),
    createdAt: momentNow(),
    updatedAt: momentNow(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.name, table.locale] }),
    check('mail_templates_name_check', sql`${table.name} ~ '^[a-z][a-z0-9_]{0,49}$'`),
  ],
)

export type MailTemplateRow = typeof mailTemplates.$inferSelect
