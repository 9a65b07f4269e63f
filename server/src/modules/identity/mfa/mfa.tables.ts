// Second factors: authenticator apps, recovery codes, and sign-ins that wait for one of them.
import { sql } from 'drizzle-orm'
import { bigint, index, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { cascade, idOf, moment, momentNow } from '../../../drivers/database/columns.ts'

export const mfaFactors = pgTable(
  'mfa_factors',
  {
    id: text().primaryKey(),
    userId: text().notNull().references(idOf('users'), cascade),
    name: text().notNull(),
    /** Sealed: the server's key opens it, and nothing in the database does. */
    secret: text().notNull(),
    createdAt: momentNow(),
    /** Null: the first code is still to come. */
    confirmedAt: moment(),
    lastUsedAt: moment(),
    /** The time step of the last accepted code: no code of it or of an earlier one is accepted again. */
    lastStep: bigint({ mode: 'number' }),
  },
  (table) => [
    index('mfa_factors_userId_idx').on(table.userId),
    uniqueIndex('mfa_factors_pending_key').on(table.userId).where(sql`${table.confirmedAt} IS NULL`),
  ],
)

export const recoveryCodes = pgTable(
  'recovery_codes',
  {
    userId: text().notNull().references(idOf('users'), cascade),
    codeHash: text().notNull(),
    createdAt: momentNow(),
    usedAt: moment(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.codeHash] })],
)

export const mfaChallenges = pgTable(
  'mfa_challenges',
  {
    tokenHash: text().primaryKey(),
    userId: text().notNull().references(idOf('users'), cascade),
    /** The tenant in which the session will be. */
    tenantId: text().notNull().references(idOf('tenants'), cascade),
    base: text().notNull(),
    passwordVersion: text(),
    createdAt: momentNow(),
    expiresAt: moment().notNull(),
  },
  (table) => [
    index('mfa_challenges_userId_idx').on(table.userId),
    index('mfa_challenges_tenantId_idx').on(table.tenantId),
    index('mfa_challenges_expiresAt_idx').on(table.expiresAt),
  ],
)

export type MfaFactorRow = typeof mfaFactors.$inferSelect
export type RecoveryCodeRow = typeof recoveryCodes.$inferSelect
export type MfaChallengeRow = typeof mfaChallenges.$inferSelect
