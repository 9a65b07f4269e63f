// The tenants.
import { sql } from 'drizzle-orm'
import { check, index, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { moment, momentNow } from '../../../drivers/database/columns.ts'

export const tenants = pgTable(
  'tenants',
  {
    id: text().primaryKey(),
    name: text().notNull(),
    slug: text().notNull(),
    status: text({ enum: ['ACTIVE', 'SUSPENDED'] })
      .notNull()
      .default('ACTIVE'),
    settings: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    createdAt: momentNow(),
    updatedAt: momentNow(),
    deletedAt: moment(),
  },
  (table) => [
    uniqueIndex('tenants_slug_key').on(table.slug),
    index('tenants_deletedAt_idx').on(table.deletedAt).where(sql`${table.deletedAt} IS NOT NULL`),
    check('tenants_id_check', sql`${table.id} <> ''`),
    check('tenants_status_check', sql`${table.status} IN ('ACTIVE', 'SUSPENDED')`),
  ],
)

export type TenantRow = typeof tenants.$inferSelect
