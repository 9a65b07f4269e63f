// Invitations, and who came by which.
import { sql } from 'drizzle-orm'
import { check, foreignKey, index, integer, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core'
import {
  cascade,
  idOf,
  moment,
  momentNow,
  setNull,
  tenantId,
  tenantIdOfKey,
} from '../../../drivers/database/columns.ts'

export const invitations = pgTable(
  'invitations',
  {
    id: text().primaryKey(),
    tenantId: tenantId(),
    /** Null: an open link. */
    email: text(),
    level: text({ enum: ['OWNER', 'ADMIN', 'MEMBER'] }).notNull(),
    /** Empty: the role that comes with the level. */
    roleIds: text().array().notNull().default(sql`'{}'`),
    tokenHash: text().notNull(),
    maxUses: integer().notNull().default(1),
    uses: integer().notNull().default(0),
    /** How often a secret was given out for it. */
    sends: integer().notNull().default(1),
    sentAt: momentNow(),
    invitedBy: text().references(idOf('users'), setNull),
    createdAt: momentNow(),
    expiresAt: moment().notNull(),
    revokedAt: moment(),
  },
  (table) => [
    check('invitations_level_check', sql`${table.level} IN ('OWNER', 'ADMIN', 'MEMBER')`),
    check(
      'invitations_uses_check',
      sql`${table.uses} BETWEEN 0 AND ${table.maxUses} AND (${table.email} IS NULL OR ${table.maxUses} = 1)`,
    ),
    uniqueIndex('invitations_tokenHash_key').on(table.tokenHash),
    uniqueIndex('invitations_tenantId_id_key').on(table.tenantId, table.id),
    index('invitations_tenantId_createdAt_id_idx').on(table.tenantId, table.createdAt.desc(), table.id.desc()),
    index('invitations_tenantId_sentAt_idx').on(table.tenantId, table.sentAt),
    index('invitations_tenantId_email_idx').on(table.tenantId, table.email),
    index('invitations_invitedBy_idx').on(table.invitedBy),
  ],
)

export const invitationUses = pgTable(
  'invitation_uses',
  {
    tenantId: tenantIdOfKey(),
    invitationId: text().notNull(),
    userId: text().notNull().references(idOf('users'), cascade),
    usedAt: momentNow(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.invitationId, table.userId] }),
    foreignKey({
      name: 'invitation_uses_invitationId_fkey',
      columns: [table.tenantId, table.invitationId],
      foreignColumns: [invitations.tenantId, invitations.id],
    })
      .onDelete('cascade')
      .onUpdate('cascade'),
    index('invitation_uses_userId_idx').on(table.userId),
  ],
)

export type InvitationRow = typeof invitations.$inferSelect
export type InvitationUseRow = typeof invitationUses.$inferSelect
