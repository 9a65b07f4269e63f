// Folders, each at one path in its tenant.
import { type AnyPgColumn, index, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { cascade, idOf, setNull, tenantId, utcNow } from '../../../drivers/database/columns.ts'

export const folders = pgTable(
  'folders',
  {
    id: text().primaryKey(),
    name: text().notNull(),
    path: text().notNull(),
    parentId: text().references((): AnyPgColumn => folders.id, setNull),
    ownerId: text().notNull().references(idOf('users'), cascade),
    teamId: text().references(idOf('teams'), setNull),
    createdAt: utcNow(),
    updatedAt: utcNow(),
    tenantId: tenantId(),
  },
  (table) => [
    index('folders_ownerId_idx').on(table.ownerId),
    index('folders_path_idx').on(table.path),
    uniqueIndex('folders_tenantId_path_key').on(table.tenantId, table.path),
    index('folders_tenantId_parentId_idx').on(table.tenantId, table.parentId),
    index('folders_parentId_idx').on(table.parentId),
    index('folders_teamId_idx').on(table.teamId),
  ],
)

export type FolderRow = typeof folders.$inferSelect
