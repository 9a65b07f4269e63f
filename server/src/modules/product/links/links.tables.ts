// Links by which anybody reads a thing without signing in, each known by the hash of its secret.
import { sql } from 'drizzle-orm'
import { check, foreignKey, index, integer, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { keyOf, moment, momentNow, tenantId } from '../../../drivers/database/columns.ts'

export const contentLinks = pgTable(
  'content_links',
  {
    id: text().primaryKey(),
    tenantId: tenantId(),
    kind: text({ enum: ['folder', 'file'] }).notNull(),
    itemId: text().notNull(),
    createdById: text().notNull(),
    tokenHash: text().notNull(),
    passwordHash: text(),
    expiresAt: moment(),
    maxDownloads: integer(),
    downloads: integer().notNull().default(0),
    revokedAt: moment(),
    createdAt: momentNow(),
  },
  (table) => [
    check('content_links_kind_check', sql`${table.kind} IN ('folder', 'file')`),
    check(
      'content_links_downloads_check',
      sql`${table.downloads} >= 0 AND ${table.downloads} <= COALESCE(${table.maxDownloads}, ${table.downloads})`,
    ),
    foreignKey({
      name: 'content_links_createdById_fkey',
      columns: [table.tenantId, table.createdById],
      foreignColumns: keyOf('memberships', 'tenantId', 'userId'),
    })
      .onDelete('cascade')
      .onUpdate('cascade'),
    uniqueIndex('content_links_tokenHash_key').on(table.tokenHash),
    index('content_links_tenantId_kind_itemId_idx').on(table.tenantId, table.kind, table.itemId),
    index('content_links_tenantId_createdById_idx').on(table.tenantId, table.createdById),
  ],
)

export type ContentLinkRow = typeof contentLinks.$inferSelect
