// Folders, in trees.
import { sql } from 'drizzle-orm'
import { type AnyPgColumn, index, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { cascade, idOf, moment, setNull, tenantId, utcNow } from '../../../drivers/database/columns.ts'

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
    /** `/<id>/<id>/` from the root down to the folder itself. */
    idPath: text().notNull().default(''),
    deletedAt: moment(),
    deletedById: text().references(idOf('users'), setNull),
    /** The folder with which it was deleted; itself where it was deleted by itself. */
    deletedWith: text(),
  },
  (table) => [
    index('folders_ownerId_idx').on(table.ownerId),
    index('folders_path_idx').on(table.path),
    uniqueIndex('folders_tenantId_id_key').on(table.tenantId, table.id),
    index('folders_tenantId_idPath_idx').on(table.tenantId, table.idPath),
    index('folders_tenantId_ownerId_parentId_idx').on(table.tenantId, table.ownerId, table.parentId),
    index('folders_tenantId_teamId_idx').on(table.tenantId, table.teamId).where(sql`${table.teamId} IS NOT NULL`),
    index('folders_deletedById_idx').on(table.deletedById),
    index('folders_tenantId_deletedAt_idx')
      .on(table.tenantId, table.deletedAt)
      .where(sql`${table.deletedAt} IS NOT NULL`),
    index('folders_tenantId_parentId_idx').on(table.tenantId, table.parentId),
    index('folders_tenantId_name_id_idx')
      .on(table.tenantId, sql`left(${table.name}, 200)`, table.id)
      .where(sql`${table.parentId} IS NULL AND ${table.deletedAt} IS NULL`),
    index('folders_tenantId_createdAt_id_idx')
      .on(table.tenantId, table.createdAt, table.id)
      .where(sql`${table.parentId} IS NULL AND ${table.deletedAt} IS NULL`),
    index('folders_tenantId_updatedAt_id_idx')
      .on(table.tenantId, table.updatedAt, table.id)
      .where(sql`${table.parentId} IS NULL AND ${table.deletedAt} IS NULL`),
    index('folders_tenantId_deletedWith_idx')
      .on(table.tenantId, table.deletedWith)
      .where(sql`${table.deletedWith} IS NOT NULL`),
    index('folders_parentId_idx').on(table.parentId),
    index('folders_teamId_idx').on(table.teamId),
  ],
)

export type FolderRow = typeof folders.$inferSelect
