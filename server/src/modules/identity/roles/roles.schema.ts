// What comes in and what goes out of roles.
import Type, { type Static } from 'typebox'
import { Body, IdOf, Nullable, PageQuery, sorting, Text, Timestamp } from '../../../drivers/http/index.ts'
import type { RoleRow } from './roles.queries.ts'

export const RoleName = Type.Object({ id: IdOf('role'), name: Type.String() }, { title: 'RoleName' })

export const Role = Type.Object(
  {
    id: IdOf('role'),
    name: Type.String({ examples: ['editor'] }),
    label: Type.String({ examples: ['Editor'] }),
    description: Nullable(Type.String()),
    permissions: Type.Array(Type.String(), {
      description: 'What the role grants by itself.',
      examples: [['documents:*', 'files:view']],
    }),
    effectivePermissions: Type.Array(Type.String(), { description: 'The same with what it inherits.' }),
    parents: Type.Array(RoleName, { description: 'The roles that it inherits from.' }),
    parentIds: Type.Array(IdOf('role')),
    userCount: Type.Integer({ description: 'How many people hold it; counted to 10,000.' }),
    builtIn: Type.Boolean({ description: 'Every tenant has it; it cannot be renamed or deleted.' }),
    requiresMfa: Type.Boolean({
      description: 'Whoever holds it, or a role that inherits from it, needs a second factor.',
    }),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  },
  { title: 'Role' },
)
export type Role = Static<typeof Role>

export const RoleList = Type.Object({ data: Type.Array(Role) })

const MAX_PARENTS = 50

const granted = {
  permissions: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
      maxItems: 500,
      description: 'Permissions, wildcards such as `users:*`, or aliases such as `read_user`.',
      examples: [['users:view', 'documents:*']],
    }),
  ),
  permissionIds: Type.Optional(
    Type.Array(IdOf('permission'), { maxItems: 500, description: 'The same by id; both lists add up.' }),
  ),
}

const described = {
  label: Type.Optional(Text(100, { examples: ['Clerk'] })),
  description: Type.Optional(Nullable(Type.String({ maxLength: 500 }))),
  ...granted,
  parentIds: Type.Optional(
    Type.Array(IdOf('role'), { maxItems: MAX_PARENTS, uniqueItems: true, description: 'The roles to inherit from.' }),
  ),
}

const RequiresMfa = Type.Optional(
  Type.Boolean({ description: 'Asks people with this role for a second factor, after MFA_GRACE_DAYS.' }),
)
const Name = Text(50, { examples: ['clerk'] })

export const NewRole = Body({ name: Name, ...described, requiresMfa: RequiresMfa })
export type NewRole = Static<typeof NewRole>

export const RoleChanges = Body({ name: Type.Optional(Name), ...described, requiresMfa: RequiresMfa })
export type RoleChanges = Static<typeof RoleChanges>

export const RolePermissions = Body(granted)
export type RolePermissions = Static<typeof RolePermissions>

export const RoleQuery = Type.Object({
  page: PageQuery.page,
  limit: PageQuery.limit,
  search: PageQuery.search,
  ...sorting(['name', 'label', 'createdAt'], 'name', 'asc'),
})
export type RoleQuery = Static<typeof RoleQuery>

export const WholeQuery = Type.Object({ search: PageQuery.search })
export type WholeQuery = Static<typeof WholeQuery>

export const RemovalQuery = Type.Object({
  reassignTo: Type.Optional(
    IdOf('role', {
      description: 'Id of the role that takes its place for people and for roles that inherit from it.',
    }),
  ),
})

/** Every field of a role that leaves. */
export function toRole(row: RoleRow): Role {
  return {
    id: row.id,
    name: row.name,
    label: row.label,
    description: row.description,
    permissions: row.permissions,
    effectivePermissions: row.effectivePermissions,
    parents: row.parents,
    parentIds: row.parents.map((parent) => parent.id),
    userCount: row.userCount,
    builtIn: row.builtIn,
    requiresMfa: row.requiresMfa,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  }
}
