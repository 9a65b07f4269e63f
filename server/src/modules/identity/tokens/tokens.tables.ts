// Personal access tokens.
import { index, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { cascade, idOf, moment, momentNow, tenantId } from '../../../drivers/database/columns.ts'

export const personalAccessTokens = pgTable(
  'personal_access_tokens',
  {
    id: text().primaryKey(),
    tenantId: tenantId(),
    userId: text().notNull().references(idOf('users'), cascade),
    name: text().notNull(),
    /** The first characters, by which its owner knows it again. */
    hint: text().notNull(),
    tokenHash: text().notNull(),
    scopes: text().array().notNull(),
    expiresAt: moment(),
    lastUsedAt: moment(),
    createdAt: momentNow(),
    revokedAt: moment(),
  },
  (table) => [
    uniqueIndex('personal_access_tokens_tokenHash_key').on(table.tokenHash),
    index('personal_access_tokens_tenantId_userId_idx').on(table.tenantId, table.userId),
    index('personal_access_tokens_userId_idx').on(table.userId),
  ],
)

export type PersonalAccessTokenRow = typeof personalAccessTokens.$inferSelect
