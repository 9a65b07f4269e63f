// What comes in and what goes out of accounts.
import Type, { type Static } from 'typebox'
import { Body, Email, IdOf, Nullable, OneOf, PageQuery, sorting, Text, Timestamp } from '../../../drivers/http/index.ts'
import type { UserOfAnyTenantRow } from './everywhere.queries.ts'
import type { UserRow } from './users.queries.ts'

const STATUSES = ['ACTIVE', 'INACTIVE', 'SUSPENDED'] as const
export type UserStatus = (typeof STATUSES)[number]

const RoleOfUser = Type.Object({ id: IdOf('role'), name: Type.String(), label: Type.String() })

export const User = Type.Object(
  {
    id: IdOf('user'),
    email: Type.String({ examples: ['mason@example.com'] }),
    username: Type.String({ examples: ['mason'] }),
    name: Type.String({ examples: ['Mason Reed'] }),
    phone: Nullable(Type.String()),
    avatar: Nullable(Type.String({ description: 'Address of the picture.' })),
    avatarUrl: Nullable(Type.String()),
    status: OneOf(STATUSES),
    department: Nullable(Type.String()),
    position: Nullable(Type.String()),
    bio: Nullable(Type.String()),
    locale: Nullable(Type.String()),
    emailVerified: Type.Boolean(),
    roles: Type.Array(RoleOfUser),
    role: Type.Unsafe<Static<typeof RoleOfUser> | null>({
      ...RoleOfUser,
      type: ['object', 'null'],
      description: 'The first role, for clients that show one.',
    }),
    lastLoginAt: Nullable(Timestamp),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  },
  { title: 'User' },
)
export type User = Static<typeof User>

const Username = Type.String({
  minLength: 2,
  maxLength: 50,
  pattern: '^[\\p{L}\\p{N}][\\p{L}\\p{N}._-]*$',
  description: 'Letters, digits, dots, dashes and underscores.',
  examples: ['mason'],
})
const Name = Text(100, { examples: ['Mason Reed'] })
const Phone = Nullable(Type.String({ maxLength: 32, pattern: '^\\+?[0-9 ().-]{5,31}$', examples: ['+49 30 1234567'] }))
const Password = Type.String({ minLength: 1, maxLength: 1024, format: 'password' })
const Line = Nullable(Type.String({ maxLength: 200 }))
const Locale = Nullable(
  Type.String({ maxLength: 35, pattern: '^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})*$', examples: ['en'] }),
)

const profile = {
  name: Type.Optional(Name),
  username: Type.Optional(Username),
  phone: Type.Optional(Phone),
  department: Type.Optional(Line),
  position: Type.Optional(Line),
  bio: Type.Optional(Nullable(Type.String({ maxLength: 2000 }))),
  locale: Type.Optional(Locale),
}

const roles = {
  roleId: Type.Optional(IdOf('role')),
  roleIds: Type.Optional(Type.Array(IdOf('role'), { maxItems: 50, uniqueItems: true })),
}

export const Registration = Body({
  email: Email,
  password: Password,
  name: Type.Optional(Name),
  username: Type.Optional(Username),
  phone: Type.Optional(Phone),
})
export type Registration = Static<typeof Registration>

export const NewUser = Body({
  email: Email,
  password: Type.Optional(Password),
  status: Type.Optional(OneOf(STATUSES, { default: 'ACTIVE' })),
  ...profile,
  ...roles,
})
export type NewUser = Static<typeof NewUser>

export const UserChanges = Body({
  email: Type.Optional(Email),
  password: Type.Optional(Password),
  status: Type.Optional(OneOf(STATUSES)),
  avatar: Type.Optional(
    Type.Null({ description: 'Null removes the picture; a new one is uploaded to its own route.' }),
  ),
  ...profile,
  ...roles,
})
export type UserChanges = Static<typeof UserChanges>

export const OwnChanges = Body(profile)
export type OwnChanges = Static<typeof OwnChanges>

export const StatusChange = Body({ status: OneOf(STATUSES) })

export const SORT_KEYS = ['createdAt', 'name', 'email', 'username', 'lastLoginAt'] as const

export const UserQuery = Type.Object({
  ...PageQuery,
  ...sorting(SORT_KEYS, 'createdAt'),
  status: Type.Optional(OneOf(STATUSES)),
  role: Type.Optional(IdOf('role', { minLength: 0, maxLength: 100, description: 'Id or name of a role.' })),
  deleted: Type.Optional(Type.Boolean({ description: 'Only deleted accounts, which can be restored.' })),
})
export type UserQuery = Static<typeof UserQuery>

export const BatchDeleted = Type.Object({ message: Type.String(), deletedCount: Type.Integer() })

export const AnyTenantQuery = Type.Object({
  ...PageQuery,
  status: UserQuery.properties.status,
  deleted: UserQuery.properties.deleted,
})
export type AnyTenantQuery = Static<typeof AnyTenantQuery>

/** What the back office changes of an account: everything but its roles, which are its tenants' business, and its password. */
export const AnyTenantChanges = Body({
  ...OwnChanges.properties,
  email: Type.Optional(Email),
  status: Type.Optional(OneOf(STATUSES)),
})
export type AnyTenantChanges = Static<typeof AnyTenantChanges>

/** An account as the back office sees it: over all tenants. */
export const UserOfAnyTenant = Type.Object({
  ...User.properties,
  homeTenantId: Nullable(Type.String({ description: 'The tenant that administers the account.' })),
  deletedAt: Nullable(Timestamp),
  memberships: Type.Array(
    Type.Object({
      tenantId: IdOf('tenant'),
      name: Type.String(),
      slug: Type.String(),
      level: OneOf(['OWNER', 'ADMIN', 'MEMBER']),
      joinedAt: Timestamp,
    }),
  ),
})
export type UserOfAnyTenant = Static<typeof UserOfAnyTenant>

/** Every field of an account that leaves to the back office. */
export function toUserOfAnyTenant(row: UserOfAnyTenantRow): UserOfAnyTenant {
  return {
    ...toUser(row),
    homeTenantId: row.homeTenantId,
    deletedAt: row.deletedAt?.toISOString() ?? null,
    memberships: row.memberships.map(({ tenantId, name, slug, level, joinedAt }) => ({
      tenantId,
      name,
      slug,
      level,
      joinedAt: new Date(joinedAt).toISOString(),
    })),
  }
}

/**
 * Every field of an account that leaves. A tenant that is not the account's home was not given its telephone number; whoever
 * reads without a tenant, the owner and the back office, sees it.
 */
export function toUser(row: UserRow, tenantId?: string): User {
  const isGuest = tenantId !== undefined && tenantId !== row.homeTenantId
  return {
    id: row.id,
    email: row.email,
    username: row.username,
    name: row.name,
    phone: isGuest ? null : row.phone,
    avatar: row.avatar,
    avatarUrl: row.avatar,
    status: row.status,
    department: row.department,
    position: row.position,
    bio: row.bio,
    locale: row.locale,
    emailVerified: row.emailVerifiedAt !== null,
    roles: row.roles,
    role: row.roles[0] ?? null,
    lastLoginAt: row.lastLoginAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  }
}
