// Teams and who is in them.
import { sql } from 'drizzle-orm'
import { check, index, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { cascade, idOf, setNull, tenantId, utcNow } from '../../../drivers/database/columns.ts'

export const teams = pgTable(
  'teams',
  {
    id: text().primaryKey(),
    name: text().notNull(),
    description: text(),
    avatar: text(),
    ownerId: text().notNull().references(idOf('users'), cascade),
    createdAt: utcNow(),
    updatedAt: utcNow(),
    tenantId: tenantId(),
  },
  (table) => [
    index('teams_tenantId_createdAt_id_idx').on(table.tenantId, table.createdAt.desc(), table.id.desc()),
    index('teams_tenantId_name_id_idx').on(table.tenantId, sql`left(${table.name}, 200)`, table.id),
    index('teams_ownerId_idx').on(table.ownerId),
    uniqueIndex('teams_tenantId_id_key').on(table.tenantId, table.id),
  ],
)

export const teamMembers = pgTable(
  'team_members',
  {
    teamId: text()
      .notNull()
      .references(() => teams.id, cascade),
    userId: text().notNull().references(idOf('users'), cascade),
    roleId: text().references(idOf('roles'), setNull),
    joinedAt: utcNow(),
    tenantId: tenantId(),
    /** `admin` or `member`; the owner is the one whom the team names. */
    level: text().notNull().default('member'),
  },
  (table) => [
    check('team_members_level_check', sql`${table.level} IN ('admin', 'member')`),
    primaryKey({ columns: [table.teamId, table.userId] }),
    index('team_members_tenantId_userId_idx').on(table.tenantId, table.userId),
    index('team_members_userId_idx').on(table.userId),
    index('team_members_roleId_idx').on(table.roleId),
  ],
)

export type TeamRow = typeof teams.$inferSelect
export type TeamMemberRow = typeof teamMembers.$inferSelect
