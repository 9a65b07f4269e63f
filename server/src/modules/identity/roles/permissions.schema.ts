// What comes in and what goes out of permissions, of their matrix and of explanations.
import Type, { type Static } from 'typebox'
import { Body, IdOf, Nullable, OneOf, PageQuery, Text, Timestamp } from '../../../drivers/http/index.ts'
import { aliasesOf } from './catalogue.ts'
import type { PermissionRow } from './permissions.queries.ts'
import { RoleName } from './roles.schema.ts'

export const Permission = Type.Object(
  {
    id: IdOf('permission'),
    action: Type.String({ description: '`resource:verb`.', examples: ['users:view'] }),
    key: Type.String({ description: 'The same as `action`.' }),
    name: Type.String({ description: 'The same as `action`.' }),
    resource: Type.String({ examples: ['users'] }),
    verb: Type.String({ examples: ['view'] }),
    description: Nullable(Type.String()),
    label: Type.String(),
    group: Type.String(),
    aliases: Type.Array(Type.String(), { description: 'Other names by which roles may ask for it.' }),
    builtIn: Type.Boolean({ description: 'Declared by a module of the system; cannot be deleted.' }),
    createdAt: Timestamp,
  },
  { title: 'Permission' },
)
export type Permission = Static<typeof Permission>

export const PermissionList = Type.Object({ data: Type.Array(Permission) })

export const PermissionQuery = Type.Object({ page: PageQuery.page, limit: PageQuery.limit, search: PageQuery.search })
export type PermissionQuery = Static<typeof PermissionQuery>

const Action = Text(100, {
  description: '`resource:verb`, or the verb alone beside `resource`.',
  examples: ['documents:archive'],
})

export const NewPermission = Body({
  action: Type.Optional(Action),
  name: Type.Optional(Text(100, { description: 'Another word for `action`.' })),
  resource: Type.Optional(Text(50)),
  description: Type.Optional(Nullable(Type.String({ maxLength: 500 }))),
  label: Type.Optional(Nullable(Type.String({ maxLength: 100 }))),
  group: Type.Optional(Nullable(Type.String({ maxLength: 100 }))),
})
export type NewPermission = Static<typeof NewPermission>

const Verdict = OneOf(['allow', 'deny'])
export type Verdict = Static<typeof Verdict>

const ByRole = Type.Unsafe<Record<string, Verdict>>({
  type: 'object',
  additionalProperties: Verdict,
  description: 'By the id of the role.',
})

const ACCESSES = ['public', 'user', 'session', 'admin', 'permission'] as const
export type AccessKind = (typeof ACCESSES)[number]

export const Matrix = Type.Object(
  {
    roles: Type.Array(
      Type.Object({ id: IdOf('role'), name: Type.String(), label: Type.String(), builtIn: Type.Boolean() }),
    ),
    permissions: Type.Array(Type.Object({ id: IdOf('permission'), action: Type.String(), roles: ByRole })),
    routes: Type.Array(
      Type.Object({
        method: Type.String(),
        path: Type.String({ examples: ['/api/v1/users/{id}'] }),
        base: Type.String(),
        operation: Type.String({ examples: ['users.get'] }),
        access: OneOf(ACCESSES),
        permission: Nullable(Type.String()),
        fresh: Type.Boolean({ description: 'Needs a recent proof of a secret besides.' }),
        roles: ByRole,
      }),
    ),
  },
  { title: 'PermissionMatrix' },
)
export type Matrix = Static<typeof Matrix>

export const Question = Body({
  userId: Type.Optional(IdOf('user')),
  roleId: Type.Optional(IdOf('role')),
  permission: Type.Optional(Text(100, { examples: ['users:edit'] })),
  operation: Type.Optional(Text(100, { description: 'Instead of a permission: an operationId of this document.' })),
})
export type Question = Static<typeof Question>

const GrantShape = Type.Object({
  permission: Type.String({ description: 'What the role holds: the permission itself or a wildcard.' }),
  wildcard: Type.Boolean(),
  role: RoleName,
  path: Type.Array(RoleName, { description: 'From the role that is held, parent by parent, to the one that grants.' }),
})

export const Explanation = Type.Object(
  {
    allowed: Type.Boolean(),
    reason: Type.String({ description: 'The same as a sentence.' }),
    subject: Type.Object({ kind: OneOf(['user', 'role']), id: IdOf('user or role'), name: Type.String() }),
    operation: Nullable(Type.String()),
    access: OneOf(ACCESSES),
    permission: Nullable(Type.String({ description: 'What is needed.' })),
    grant: Type.Unsafe<Static<typeof GrantShape> | null>({ ...GrantShape, type: ['object', 'null'] }),
    missing: Nullable(Type.String({ description: 'The permission that no role grants.' })),
  },
  { title: 'Explanation' },
)
export type Explanation = Static<typeof Explanation>

/** Every field of a permission that leaves. */
export function toPermission(row: PermissionRow): Permission {
  const [resource = row.resource, verb = resource] = row.action.split(':')
  return {
    id: row.id,
    action: row.action,
    key: row.action,
    name: row.action,
    resource: row.resource,
    verb,
    description: row.description,
    label: row.label ?? row.action,
    group: row.group ?? row.resource,
    aliases: aliasesOf(row.action),
    builtIn: row.builtIn,
    createdAt: row.createdAt.toISOString(),
  }
}
