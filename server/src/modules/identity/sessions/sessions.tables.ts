// Sessions of both realms, and the refresh tokens of the other back end of a shared database.
import { sql } from 'drizzle-orm'
import { check, index, integer, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { cascade, moment, momentNow, namedTenantId, utc, utcNow } from '../../../drivers/database/columns.ts'
import { admins } from '../admins/admins.tables.ts'
import { users } from '../users/users.tables.ts'

export const sessions = pgTable(
  'sessions',
  {
    id: text().primaryKey(),
    realm: text({ enum: ['user', 'admin'] }).notNull(),
    userId: text().references(() => users.id, cascade),
    adminId: text().references(() => admins.id, cascade),
    tenantId: namedTenantId(),
    userAgent: text(),
    device: text(),
    ip: text(),
    nonce: text().notNull(),
    generation: integer().notNull().default(0),
    rotations: jsonb().$type<unknown[]>().notNull().default([]),
    accessTtl: integer().notNull(),
    createdAt: momentNow(),
    lastSeenAt: momentNow(),
    authenticatedAt: momentNow(),
    expiresAt: moment().notNull(),
    idleExpiresAt: moment().notNull(),
    revokedAt: moment(),
    revokedReason: text(),
  },
  (table) => [
    check('sessions_realm_check', sql`${table.realm} IN ('user', 'admin')`),
    check(
      'sessions_account_check',
      sql`(${table.userId} IS NOT NULL) = (${table.realm} = 'user') AND (${table.adminId} IS NOT NULL) = (${table.realm} = 'admin')`,
    ),
    index('sessions_userId_idx').on(table.userId).where(sql`${table.revokedAt} IS NULL`),
    index('sessions_adminId_idx').on(table.adminId).where(sql`${table.revokedAt} IS NULL`),
    index('sessions_tenantId_idx').on(table.tenantId),
    index('sessions_expiresAt_idx').on(table.expiresAt),
  ],
)

export const refreshTokens = pgTable(
  'refresh_tokens',
  {
    id: text().primaryKey(),
    userId: text()
      .notNull()
      .references(() => users.id, cascade),
    token: text().notNull(),
    expiresAt: utc().notNull(),
    createdAt: utcNow(),
  },
  (table) => [
    index('refresh_tokens_token_idx').on(table.token),
    uniqueIndex('refresh_tokens_token_key').on(table.token),
    index('refresh_tokens_userId_idx').on(table.userId),
  ],
)

export type SessionRow = typeof sessions.$inferSelect
export type RefreshTokenRow = typeof refreshTokens.$inferSelect
