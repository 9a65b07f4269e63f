// Documents, whom they are shared with, and their tags.
import { bigint, index, integer, pgEnum, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { cascade, idOf, setNull, tenantId, utc, utcNow } from '../../../drivers/database/columns.ts'

export const sharePermission = pgEnum('SharePermission', ['READ', 'EDIT', 'COMMENT'])

export const documents = pgTable(
  'documents',
  {
    id: text().primaryKey(),
    title: text().notNull(),
    content: text().notNull(),
    /** A name or path in free text, not a key. */
    folder: text(),
    type: text().notNull(),
    /** In bytes. */
    size: bigint({ mode: 'number' }).notNull().default(0),
    views: integer().notNull().default(0),
    ownerId: text().notNull().references(idOf('users'), cascade),
    teamId: text().references(idOf('teams'), setNull),
    createdAt: utcNow(),
    updatedAt: utcNow(),
    tenantId: tenantId(),
  },
  (table) => [
    index('documents_folder_idx').on(table.folder),
    index('documents_ownerId_idx').on(table.ownerId),
    index('documents_teamId_idx').on(table.teamId),
    index('documents_tenantId_createdAt_id_idx').on(table.tenantId, table.createdAt.desc(), table.id.desc()),
    index('documents_tenantId_updatedAt_id_idx').on(table.tenantId, table.updatedAt.desc(), table.id.desc()),
    index('documents_tenantId_ownerId_idx').on(table.tenantId, table.ownerId),
  ],
)

export const documentShares = pgTable(
  'document_shares',
  {
    id: text().primaryKey(),
    documentId: text()
      .notNull()
      .references(() => documents.id, cascade),
    sharedWithId: text().references(idOf('users'), setNull),
    teamId: text().references(idOf('teams'), setNull),
    permission: sharePermission().notNull().default('READ'),
    expiresAt: utc(),
    createdAt: utcNow(),
    tenantId: tenantId(),
  },
  (table) => [
    index('document_shares_documentId_idx').on(table.documentId),
    index('document_shares_sharedWithId_idx').on(table.sharedWithId),
    index('document_shares_tenantId_sharedWithId_idx').on(table.tenantId, table.sharedWithId),
    index('document_shares_teamId_idx').on(table.teamId),
  ],
)

export const tags = pgTable(
  'tags',
  {
    id: text().primaryKey(),
    name: text().notNull(),
    createdAt: utcNow(),
    tenantId: tenantId(),
  },
  (table) => [uniqueIndex('tags_tenantId_name_key').on(table.tenantId, table.name)],
)

export const documentTags = pgTable(
  'document_tags',
  {
    documentId: text()
      .notNull()
      .references(() => documents.id, cascade),
    tagId: text()
      .notNull()
      .references(() => tags.id, cascade),
    tenantId: tenantId(),
  },
  (table) => [
    primaryKey({ columns: [table.documentId, table.tagId] }),
    index('document_tags_tenantId_tagId_idx').on(table.tenantId, table.tagId),
    index('document_tags_tagId_idx').on(table.tagId),
  ],
)

export type DocumentRow = typeof documents.$inferSelect
export type DocumentShareRow = typeof documentShares.$inferSelect
export type TagRow = typeof tags.$inferSelect
export type DocumentTagRow = typeof documentTags.$inferSelect
