// Files: what is known about them; their content lies in the blob store.
import { bigint, boolean, index, pgTable, text } from 'drizzle-orm/pg-core'
import { cascade, idOf, setNull, tenantId, utcNow } from '../../../drivers/database/columns.ts'

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
  },
  (table) => [
    index('files_folderId_idx').on(table.folderId),
    index('files_ownerId_idx').on(table.ownerId),
    index('files_tenantId_createdAt_id_idx').on(table.tenantId, table.createdAt.desc(), table.id.desc()),
    index('files_tenantId_folderId_idx').on(table.tenantId, table.folderId),
    index('files_teamId_idx').on(table.teamId),
  ],
)

export type FileRow = typeof files.$inferSelect
