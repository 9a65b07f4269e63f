// Who read what, and when: files now, folders where they are given away by a link.
import { sql } from 'drizzle-orm'
import { check, index, pgTable, text } from 'drizzle-orm/pg-core'
import { idOf, momentNow, setNull, tenantId } from '../../../drivers/database/columns.ts'

export const contentAccesses = pgTable(
  'content_accesses',
  {
    id: text().primaryKey(),
    tenantId: tenantId(),
    kind: text({ enum: ['folder', 'file'] }).notNull(),
    itemId: text().notNull(),
    action: text({ enum: ['view', 'download'] }).notNull(),
    /** Null for whoever came by a link, and for accounts that are gone. */
    userId: text().references(idOf('users'), setNull),
    /** It may be gone. */
    linkId: text(),
    /** Whose download by a link it is, as a hash. */
    client: text(),
    ip: text().notNull(),
    userAgent: text().notNull(),
    accessedAt: momentNow(),
    /** From the beginning of a download on, as far as its later parts have used up what may be gone on with. */
    seenAt: momentNow(),
  },
  (table) => [
    check('content_accesses_kind_check', sql`${table.kind} IN ('folder', 'file')`),
    check('content_accesses_action_check', sql`${table.action} IN ('view', 'download')`),
    index('content_accesses_tenantId_kind_itemId_accessedAt_id_idx').on(
      table.tenantId,
      table.kind,
      table.itemId,
      table.accessedAt.desc(),
      table.id.desc(),
    ),
    index('content_accesses_tenantId_accessedAt_idx').on(table.tenantId, table.accessedAt),
    index('content_accesses_tenantId_linkId_client_idx')
      .on(table.tenantId, table.linkId, table.client)
      .where(sql`${table.client} IS NOT NULL`),
    index('content_accesses_userId_idx').on(table.userId),
  ],
)

export type ContentAccessRow = typeof contentAccesses.$inferSelect
