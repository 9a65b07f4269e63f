// Sessions of both realms, and the refresh tokens of the other back end of a shared database.
import { sql } from 'drizzle-orm'
import { check, index, integer, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { cascade, idOf, moment, momentNow, namedTenantId, utc, utcNow } from '../../../drivers/database/columns.ts'

export const sessions = pgTable(
  'sessions',
  {
    id: text().primaryKey(),
    realm: text({ enum: ['user', 'admin'] }).notNull(),
    userId: text().references(idOf('users'), cascade),
    adminId: text().references(idOf('admins'), cascade),
    tenantId: namedTenantId(),
    userAgent: text(),
    device: text(),
    ip: text(),
    nonce: text().notNull(),
    generation: integer().notNull().default(0),
    /** When each generation was rotated away, in seconds since the epoch, by its number. */
    rotations: jsonb().$type<Record<string, number>>().notNull().default({}),
    createdAt: momentNow(),
    lastSeenAt: momentNow(),
    authenticatedAt: momentNow(),
    expiresAt: moment().notNull(),
    idleExpiresAt: moment().notNull(),
    revokedAt: moment(),
    revokedReason: text(),
    /** What proved the person when it was opened (RFC 8176). */
    amr: text().array().notNull().default(sql`'{pwd}'`),
    /** The admin who acts in the user's name. */
    impersonatorId: text().references(idOf('admins'), cascade),
    /** Why they do. */
    reason: text(),
  },
  (table) => [
    check(
      'sessions_impersonator_check',
      sql`${table.impersonatorId} IS NULL OR (${table.realm} = 'user' AND ${table.reason} IS NOT NULL)`,
    ),
    index('sessions_impersonatorId_idx')
      .on(table.impersonatorId, table.createdAt)
      .where(sql`${table.impersonatorId} IS NOT NULL`),
    check('sessions_realm_check', sql`${table.realm} IN ('user', 'admin')`),
    check(
      'sessions_account_check',
      sql`(${table.userId} IS NOT NULL) = (${table.realm} = 'user') AND (${table.adminId} IS NOT NULL) = (${table.realm} = 'admin')`,
    ),
    index('sessions_userId_idx').on(table.userId),
    index('sessions_adminId_idx').on(table.adminId).where(sql`${table.adminId} IS NOT NULL`),
    index('sessions_tenantId_idx').on(table.tenantId),
    index('sessions_expiresAt_idx').on(table.expiresAt),
  ],
)

export const refreshTokens = pgTable(
  'refresh_tokens',
  {
    id: text().primaryKey(),
    userId: text().notNull().references(idOf('users'), cascade),
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
