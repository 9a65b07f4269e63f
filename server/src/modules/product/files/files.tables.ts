// Files: what is known about them; their content lies in the blob store.
import { sql } from 'drizzle-orm'
import { bigint, boolean, foreignKey, index, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core'
import {
  cascade,
  idOf,
  keyOf,
  moment,
  momentNow,
  setNull,
  tenantId,
  tenantIdOfKey,
  utcNow,
} from '../../../drivers/database/columns.ts'

export const files = pgTable(
  'files',
  {
    id: text().primaryKey(),
    name: text().notNull(),
    path: text().notNull(),
    mimeType: text().notNull(),
    /** In bytes. */
    size: bigint({ mode: 'number' }).notNull(),
    thumbnail: text(),
    folderId: text().references(idOf('folders'), setNull),
    ownerId: text().notNull().references(idOf('users'), cascade),
    teamId: text().references(idOf('teams'), setNull),
    isFavorite: boolean().notNull().default(false),
    createdAt: utcNow(),
    updatedAt: utcNow(),
    tenantId: tenantId(),
    /** Null for rows of another back end, which have no content here. */
    blobId: text(),
    sha256: text(),
    deletedAt: moment(),
    deletedById: text().references(idOf('users'), setNull),
    /** The folder with which it was deleted; null where it was deleted by itself. */
    deletedWith: text(),
  },
  (table) => [
    foreignKey({
      name: 'files_blobId_fkey',
      columns: [table.tenantId, table.blobId],
      foreignColumns: keyOf('blobs'),
    }).onUpdate('cascade'),
    index('files_folderId_idx').on(table.folderId),
    index('files_ownerId_idx').on(table.ownerId),
    uniqueIndex('files_tenantId_id_key').on(table.tenantId, table.id),
    index('files_tenantId_blobId_idx').on(table.tenantId, table.blobId),
    index('files_tenantId_createdAt_id_idx').on(table.tenantId, table.createdAt.desc(), table.id.desc()),
    index('files_tenantId_ownerId_name_id_idx').on(table.tenantId, table.ownerId, table.name, table.id),
    index('files_tenantId_ownerId_updatedAt_id_idx').on(
      table.tenantId,
      table.ownerId,
      table.updatedAt.desc(),
      table.id.desc(),
    ),
    index('files_tenantId_folderId_updatedAt_id_idx').on(
      table.tenantId,
      table.folderId,
      table.updatedAt.desc(),
      table.id.desc(),
    ),
    index('files_tenantId_folderId_name_id_idx').on(table.tenantId, table.folderId, table.name, table.id),
    index('files_deletedById_idx').on(table.deletedById),
    index('files_tenantId_deletedAt_idx')
      .on(table.tenantId, table.deletedAt)
      .where(sql`${table.deletedAt} IS NOT NULL`),
    index('files_tenantId_updatedAt_id_idx')
      .on(table.tenantId, table.updatedAt.desc(), table.id.desc())
      .where(sql`${table.deletedAt} IS NULL`),
    index('files_tenantId_name_id_idx')
      .on(table.tenantId, sql`left(${table.name}, 200)`, table.id)
      .where(sql`${table.deletedAt} IS NULL`),
    index('files_tenantId_size_id_idx').on(table.tenantId, table.size, table.id).where(sql`${table.deletedAt} IS NULL`),
    index('files_teamId_idx').on(table.teamId),
  ],
)

export const fileFavorites = pgTable(
  'file_favorites',
  {
    tenantId: tenantIdOfKey(),
    userId: text().notNull().references(idOf('users'), cascade),
    fileId: text().notNull(),
    createdAt: momentNow(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.userId, table.fileId] }),
    foreignKey({
      name: 'file_favorites_fileId_fkey',
      columns: [table.tenantId, table.fileId],
      foreignColumns: [files.tenantId, files.id],
    })
      .onDelete('cascade')
      .onUpdate('cascade'),
    index('file_favorites_tenantId_fileId_idx').on(table.tenantId, table.fileId),
    index('file_favorites_userId_idx').on(table.userId),
  ],
)

export type FileRow = typeof files.$inferSelect
