// Files: what is known about them; their content lies in the blob store.
import { bigint, boolean, index, pgTable, text } from 'drizzle-orm/pg-core'
import { cascade, setNull, tenantId, utcNow } from '../../../drivers/database/columns.ts'
import { teams } from '../../identity/teams/teams.tables.ts'
import { users } from '../../identity/users/users.tables.ts'
import { folders } from '../folders/folders.tables.ts'

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
    folderId: text().references(() => folders.id, setNull),
    ownerId: text()
      .notNull()
      .references(() => users.id, cascade),
    teamId: text().references(() => teams.id, setNull),
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
