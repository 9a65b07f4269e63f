// Documents, what they were before, who looked at them, whom they are shared with, and their tags.
import { sql } from 'drizzle-orm'
import {
  bigint,
  customType,
  foreignKey,
  index,
  integer,
  pgEnum,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import {
  cascade,
  idOf,
  keyOf,
  moment,
  momentNow,
  setNull,
  tenantId,
  tenantIdOfKey,
  utc,
  utcNow,
} from '../../../drivers/database/columns.ts'

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
    folderId: text(),
    deletedAt: moment(),
    deletedById: text().references(idOf('users'), setNull),
    /** The folder with which it was deleted; null where it was deleted by itself. */
    deletedWith: text(),
    /** The number of the current content among all that were saved. */
    revision: integer().notNull().default(1),
    savedById: text().references(idOf('users'), setNull),
    savedAt: moment(),
  },
  (table) => [
    foreignKey({
      name: 'documents_folderId_fkey',
      columns: [table.tenantId, table.folderId],
      foreignColumns: keyOf('folders'),
    }).onUpdate('cascade'),
    index('documents_folder_idx').on(table.folder),
    index('documents_ownerId_idx').on(table.ownerId),
    index('documents_teamId_idx').on(table.teamId),
    index('documents_tenantId_createdAt_id_idx').on(table.tenantId, table.createdAt.desc(), table.id.desc()),
    index('documents_tenantId_updatedAt_id_idx').on(table.tenantId, table.updatedAt.desc(), table.id.desc()),
    index('documents_tenantId_ownerId_idx').on(table.tenantId, table.ownerId),
    index('documents_tenantId_views_id_idx')
      .on(table.tenantId, table.views.desc(), table.id)
      .where(sql`${table.deletedAt} IS NULL`),
    uniqueIndex('documents_tenantId_id_key').on(table.tenantId, table.id),
    index('documents_tenantId_ownerId_updatedAt_id_idx').on(
      table.tenantId,
      table.ownerId,
      table.updatedAt.desc(),
      table.id.desc(),
    ),
    index('documents_tenantId_teamId_updatedAt_id_idx')
      .on(table.tenantId, table.teamId, table.updatedAt.desc(), table.id.desc())
      .where(sql`${table.teamId} IS NOT NULL`),
    index('documents_tenantId_folderId_updatedAt_id_idx')
      .on(table.tenantId, table.folderId, table.updatedAt.desc(), table.id.desc())
      .where(sql`${table.folderId} IS NOT NULL`),
    index('documents_tenantId_title_id_idx')
      .on(table.tenantId, sql`left(${table.title}, 200)`, table.id)
      .where(sql`${table.deletedAt} IS NULL`),
    index('documents_deletedById_idx').on(table.deletedById),
    index('documents_savedById_idx').on(table.savedById),
    index('documents_tenantId_deletedAt_idx')
      .on(table.tenantId, table.deletedAt)
      .where(sql`${table.deletedAt} IS NOT NULL`),
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
    index('document_shares_tenantId_teamId_idx').on(table.tenantId, table.teamId),
  ],
)

/** What a document was before it was saved again. */
export const documentRevisions = pgTable(
  'document_revisions',
  {
    tenantId: tenantIdOfKey(),
    documentId: text().notNull(),
    number: integer().notNull(),
    title: text().notNull(),
    content: text().notNull(),
    /** In bytes. */
    size: bigint({ mode: 'number' }).notNull(),
    authorId: text().references(idOf('users'), setNull),
    createdAt: moment().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.documentId, table.number] }),
    foreignKey({
      name: 'document_revisions_documentId_fkey',
      columns: [table.tenantId, table.documentId],
      foreignColumns: [documents.tenantId, documents.id],
    })
      .onDelete('cascade')
      .onUpdate('cascade'),
    index('document_revisions_authorId_idx').on(table.authorId),
  ],
)

const tsvector = customType<{ data: string }>({ dataType: () => 'tsvector' })

/** The words of documents, for the search; the application has no right to it. */
export const documentSearch = pgTable(
  'document_search',
  {
    tenantId: tenantIdOfKey(),
    documentId: text().notNull(),
    words: tsvector().notNull(),
    doors: text().array().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.documentId] }),
    foreignKey({
      name: 'document_search_documentId_fkey',
      columns: [table.tenantId, table.documentId],
      foreignColumns: [documents.tenantId, documents.id],
    })
      .onDelete('cascade')
      .onUpdate('cascade'),
    index('document_search_words_idx').using('gin', table.words, table.doors),
  ],
)

/** Who looked when, and how often since the counts were last added to the documents. */
export const documentViews = pgTable(
  'document_views',
  {
    tenantId: tenantIdOfKey(),
    documentId: text().notNull(),
    userId: text().notNull().references(idOf('users'), cascade),
    viewedAt: momentNow(),
    views: integer().notNull().default(1),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.documentId, table.userId] }),
    foreignKey({
      name: 'document_views_documentId_fkey',
      columns: [table.tenantId, table.documentId],
      foreignColumns: [documents.tenantId, documents.id],
    })
      .onDelete('cascade')
      .onUpdate('cascade'),
    index('document_views_userId_idx').on(table.userId),
    index('document_views_uncounted_idx').on(table.tenantId, table.documentId).where(sql`${table.views} > 0`),
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
