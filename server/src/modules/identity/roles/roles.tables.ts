// Roles, permissions, what a role grants, who holds it, and which roles it inherits from.
import { sql } from 'drizzle-orm'
import { boolean, check, foreignKey, index, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { cascade, idOf, moment, tenantId, tenantIdOfKey, utcNow } from '../../../drivers/database/columns.ts'

export const roles = pgTable(
  'roles',
  {
    id: text().primaryKey(),
    name: text().notNull(),
    label: text().notNull(),
    description: text(),
    createdAt: utcNow(),
    updatedAt: utcNow(),
    tenantId: tenantId(),
    builtIn: boolean().notNull().default(false),
    /** Since when whoever holds it needs a second factor. */
    mfaRequiredSince: moment(),
  },
  (table) => [
    uniqueIndex('roles_tenantId_name_key').on(table.tenantId, table.name),
    uniqueIndex('roles_tenantId_id_key').on(table.tenantId, table.id),
  ],
)

export const permissions = pgTable(
  'permissions',
  {
    id: text().primaryKey(),
    action: text().notNull(),
    resource: text().notNull(),
    description: text(),
    createdAt: utcNow(),
    updatedAt: utcNow(),
    tenantId: tenantId(),
    builtIn: boolean().notNull().default(false),
    group: text(),
    label: text(),
  },
  (table) => [
    index('permissions_action_idx').on(table.action),
    uniqueIndex('permissions_tenantId_action_key').on(table.tenantId, table.action),
    uniqueIndex('permissions_tenantId_id_key').on(table.tenantId, table.id),
  ],
)

export const rolePermissions = pgTable(
  'role_permissions',
  {
    roleId: text()
      .notNull()
      .references(() => roles.id, cascade),
    permissionId: text()
      .notNull()
      .references(() => permissions.id, cascade),
    tenantId: tenantId(),
  },
  (table) => [
    primaryKey({ columns: [table.roleId, table.permissionId] }),
    index('role_permissions_tenantId_roleId_idx').on(table.tenantId, table.roleId),
    index('role_permissions_permissionId_idx').on(table.permissionId),
  ],
)

export const userRoles = pgTable(
  'user_roles',
  {
    userId: text().notNull().references(idOf('users'), cascade),
    roleId: text()
      .notNull()
      .references(() => roles.id, cascade),
    tenantId: tenantId(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.roleId] }),
    index('user_roles_tenantId_userId_idx').on(table.tenantId, table.userId),
    index('user_roles_roleId_idx').on(table.roleId),
  ],
)

export const roleParents = pgTable(
  'role_parents',
  {
    tenantId: tenantIdOfKey(),
    roleId: text().notNull(),
    parentId: text().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.roleId, table.parentId] }),
    check('role_parents_check', sql`${table.roleId} <> ${table.parentId}`),
    foreignKey({
      name: 'role_parents_roleId_fkey',
      columns: [table.tenantId, table.roleId],
      foreignColumns: [roles.tenantId, roles.id],
    })
      .onDelete('cascade')
      .onUpdate('cascade'),
    foreignKey({
      name: 'role_parents_parentId_fkey',
      columns: [table.tenantId, table.parentId],
      foreignColumns: [roles.tenantId, roles.id],
    })
      .onDelete('cascade')
      .onUpdate('cascade'),
    index('role_parents_tenantId_roleId_idx').on(table.tenantId, table.roleId),
    index('role_parents_tenantId_parentId_idx').on(table.tenantId, table.parentId),
  ],
)

export type RoleRow = typeof roles.$inferSelect
export type PermissionRow = typeof permissions.$inferSelect
export type RolePermissionRow = typeof rolePermissions.$inferSelect
export type UserRoleRow = typeof userRoles.$inferSelect
export type RoleParentRow = typeof roleParents.$inferSelect
