// Where tenants keep their files, what is kept, and how much of it is whose.
import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import { idOf, momentNow, setNull, tenantId } from '../../../drivers/database/columns.ts'

export const storages = pgTable(
  'storages',
  {
    id: text().primaryKey(),
    tenantId: tenantId(),
    provider: text({ enum: ['s3', 'azure'] }).notNull(),
    /** Without its secret, which is sealed apart. */
    settings: jsonb().notNull(),
    sealed: text().notNull(),
    /** New files go to this one. */
    current: boolean().notNull().default(true),
    createdById: text().references(idOf('users'), setNull),
    createdAt: momentNow(),
  },
  (table) => [
    check('storages_provider_check', sql`${table.provider} IN ('s3', 'azure')`),
    uniqueIndex('storages_tenantId_id_key').on(table.tenantId, table.id),
    uniqueIndex('storages_tenantId_current_key').on(table.tenantId).where(sql`${table.current}`),
    index('storages_createdById_idx').on(table.createdById),
  ],
)

export const blobs = pgTable(
  'blobs',
  {
    id: text().primaryKey(),
    tenantId: tenantId(),
    state: text({ enum: ['arriving', 'kept'] })
      .notNull()
      .default('arriving'),
    /** Of the installation's own storages the one; null for one that the tenant brought. */
    provider: text({ enum: ['disk', 's3', 'azure'] }),
    storageId: text(),
    /** While it arrives: what is reserved for it. */
    bytes: bigint({ mode: 'number' }).notNull().default(0),
    /** On whose account that is. */
    userId: text().notNull().default(''),
    sha256: text(),
    refs: integer().notNull().default(0),
    /** Whether a small picture lies beside it, may lie there, or cannot be made. */
    thumbnail: text({ enum: ['making', 'made', 'none'] }),
    createdAt: momentNow(),
    /** When it last grew, or when the last one let go of it. */
    touchedAt: momentNow(),
  },
  (table) => [
    check('blobs_state_check', sql`${table.state} IN ('arriving', 'kept')`),
    check('blobs_provider_check', sql`${table.provider} IN ('disk', 's3', 'azure')`),
    check('blobs_place_check', sql`(${table.provider} IS NULL) <> (${table.storageId} IS NULL)`),
    check('blobs_thumbnail_check', sql`${table.thumbnail} IN ('making', 'made', 'none')`),
    check('blobs_refs_check', sql`${table.refs} >= 0`),
    foreignKey({
      name: 'blobs_storageId_fkey',
      columns: [table.tenantId, table.storageId],
      foreignColumns: [storages.tenantId, storages.id],
    }).onUpdate('cascade'),
    uniqueIndex('blobs_tenantId_id_key').on(table.tenantId, table.id),
    index('blobs_tenantId_sha256_idx')
      .on(table.tenantId, table.sha256)
      .where(sql`${table.state} = 'kept' AND ${table.refs} > 0`),
    index('blobs_tenantId_storageId_idx').on(table.tenantId, table.storageId),
    index('blobs_forsaken_idx').on(table.touchedAt).where(sql`${table.refs} = 0`),
  ],
)

export const storageUsage = pgTable(
  'storage_usage',
  {
    tenantId: tenantId(),
    /** Nobody: the tenant as a whole. */
    userId: text().notNull(),
    bytes: bigint({ mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.userId] })],
)

export const leftBlobs = pgTable('left_blobs', {
  key: text().primaryKey(),
  provider: text({ enum: ['disk', 's3', 'azure'] }).notNull(),
  leftAt: momentNow(),
})

export type StorageRow = typeof storages.$inferSelect
export type BlobRow = typeof blobs.$inferSelect
export type LeftBlobRow = typeof leftBlobs.$inferSelect
