// People, who are global, and their memberships, by which a tenant sees them.
import { sql } from 'drizzle-orm'
import { bigint, check, customType, index, pgEnum, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core'
import {
  cascade,
  idOf,
  moment,
  momentNow,
  namedTenantId,
  setNull,
  tenantId,
  utc,
  utcNow,
} from '../../../drivers/database/columns.ts'

export const userStatus = pgEnum('UserStatus', ['ACTIVE', 'INACTIVE', 'SUSPENDED'])

export const users = pgTable(
  'users',
  {
    id: text().primaryKey(),
    email: text().notNull(),
    phone: text(),
    username: text().notNull(),
    password: text().notNull(),
    name: text().notNull(),
    avatar: text(),
    status: userStatus().notNull().default('ACTIVE'),
    department: text(),
    position: text(),
    bio: text(),
    quotaUsed: bigint({ mode: 'number' }).notNull().default(0),
    lastLoginAt: utc(),
    createdAt: utcNow(),
    updatedAt: utcNow(),
    deletedAt: moment(),
    /** Of a deleted account that another back end must not let in. */
    statusBefore: userStatus(),
    emailVerifiedAt: moment(),
    /** When an address of it was confirmed for the first time. */
    firstVerifiedAt: moment(),
    passwordChangedAt: moment(),
    /** Links and personal access tokens from before are void. */
    accessResetAt: moment(),
    locale: text(),
    /** The tenant that administers the account. */
    homeTenantId: text()
      .default(sql`COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default')`)
      .references(idOf('tenants'), setNull),
  },
  (table) => [
    index('users_name_id_idx').on(sql`left(${table.name}, 200)`, table.id).where(sql`${table.deletedAt} IS NULL`),
    index('users_deleted_idx').on(table.id).where(sql`${table.deletedAt} IS NOT NULL`),
    index('users_status_id_idx').on(table.status, table.id).where(sql`${table.deletedAt} IS NULL`),
    index('users_homeTenantId_idx').on(table.homeTenantId),
    index('users_email_idx').on(table.email),
    uniqueIndex('users_email_key').on(table.email),
    uniqueIndex('users_phone_key').on(table.phone),
    index('users_username_idx').on(table.username),
    uniqueIndex('users_username_key').on(table.username),
    index('users_lower_email_idx').on(sql`lower(${table.email})`),
    index('users_lower_username_idx').on(sql`lower(${table.username})`),
    index('users_search_idx').using(
      'gin',
      sql`(${table.name} || ' ' || ${table.email} || ' ' || ${table.username}) gin_trgm_ops`,
    ),
  ],
)

export const memberships = pgTable(
  'memberships',
  {
    tenantId: tenantId(),
    userId: text()
      .notNull()
      .references(() => users.id, cascade),
    level: text({ enum: ['OWNER', 'ADMIN', 'MEMBER'] })
      .notNull()
      .default('MEMBER'),
    joinedAt: momentNow(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.userId] }),
    index('memberships_userId_idx').on(table.userId),
    index('memberships_tenantId_joinedAt_userId_idx').on(table.tenantId, table.joinedAt.desc(), table.userId.desc()),
    index('memberships_tenantId_level_joinedAt_userId_idx')
      .on(table.tenantId, table.level, table.joinedAt.desc(), table.userId.desc())
      .where(sql`${table.level} <> 'MEMBER'`),
    check('memberships_level_check', sql`${table.level} IN ('OWNER', 'ADMIN', 'MEMBER')`),
  ],
)

/** Written by triggers only. A tenant's members of a status (`DELETED` for deleted people) are the sum of its deltas. */
export const memberTotals = pgTable(
  'member_totals',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    tenantId: namedTenantId().notNull(),
    status: text({ enum: ['ACTIVE', 'INACTIVE', 'SUSPENDED', 'DELETED'] }).notNull(),
    delta: bigint({ mode: 'number' }).notNull(),
  },
  (table) => [index('member_totals_tenantId_status_idx').on(table.tenantId, table.status)],
)

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' })

/** Pictures of people and of administrators, one each. */
export const avatars = pgTable(
  'avatars',
  {
    id: text().primaryKey(),
    userId: text().references(() => users.id, cascade),
    adminId: text().references(idOf('admins'), cascade),
    type: text().notNull(),
    bytes: bytea().notNull(),
    createdAt: momentNow(),
  },
  (table) => [
    check('avatars_owner_check', sql`num_nonnulls(${table.userId}, ${table.adminId}) = 1`),
    uniqueIndex('avatars_userId_key').on(table.userId),
    uniqueIndex('avatars_adminId_key').on(table.adminId),
  ],
)

export type UserRow = typeof users.$inferSelect
export type AvatarRow = typeof avatars.$inferSelect
export type MembershipRow = typeof memberships.$inferSelect
export type MemberTotalRow = typeof memberTotals.$inferSelect
