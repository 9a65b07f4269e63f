// What a bus without transactions still has to tell.
import { index, pgTable, text } from 'drizzle-orm/pg-core'
import { momentNow } from '../database/columns.ts'

export const busOutbox = pgTable(
  'bus_outbox',
  { id: text().primaryKey(), envelope: text().notNull(), createdAt: momentNow() },
  (table) => [index('bus_outbox_createdAt_idx').on(table.createdAt)],
)
