// Whom folders and files are shared with. Documents keep the table that the other back end reads.
import { sql } from 'drizzle-orm'
import { check, foreignKey, index, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { idOf, keyOf, moment, momentNow, setNull, tenantId } from '../../../drivers/database/columns.ts'

export const contentShares = pgTable(
  'content_shares',
  {
    id: text().primaryKey(),
    tenantId: tenantId(),
    kind: text({ enum: ['folder', 'file'] }).notNull(),
    itemId: text().notNull(),
    userId: text(),
    teamId: text(),
    level: text({ enum: ['READ', 'COMMENT', 'EDIT'] }).notNull(),
    expiresAt: moment(),
    createdById: text().references(idOf('users'), setNull),
    createdAt: momentNow(),
  },
  (table) => [
    check('content_shares_kind_check', sql`${table.kind} IN ('folder', 'file')`),
    check('content_shares_level_check', sql`${table.level} IN ('READ', 'COMMENT', 'EDIT')`),
    check('content_shares_target_check', sql`(${table.userId} IS NULL) <> (${table.teamId} IS NULL)`),
    foreignKey({
      name: 'content_shares_userId_fkey',
      columns: [table.tenantId, table.userId],
      foreignColumns: keyOf('memberships', 'tenantId', 'userId'),
    })
      .onDelete('cascade')
      .onUpdate('cascade'),
    foreignKey({
      name: 'content_shares_teamId_fkey',
      columns: [table.tenantId, table.teamId],
      foreignColumns: keyOf('teams'),
    })
      .onDelete('cascade')
      .onUpdate('cascade'),
    uniqueIndex('content_shares_user_key')
      .on(table.tenantId, table.kind, table.itemId, table.userId)
      .where(sql`${table.userId} IS NOT NULL`),
    uniqueIndex('content_shares_team_key')
      .on(table.tenantId, table.kind, table.itemId, table.teamId)
      .where(sql`${table.teamId} IS NOT NULL`),
    index('content_shares_tenantId_userId_idx').on(table.tenantId, table.userId),
    index('content_shares_tenantId_kind_itemId_idx').on(table.tenantId, table.kind, table.itemId),
    index('content_shares_tenantId_teamId_idx').on(table.tenantId, table.teamId),
    index('content_shares_createdById_idx').on(table.createdById),
  ],
)

export type ContentShareRow = typeof contentShares.$inferSelect
