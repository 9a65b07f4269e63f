// What comes in and what goes out of tenants and members.
import Type, { type Static } from 'typebox'
import { Body, Email, IdOf, Nullable, OneOf, PageQuery, sorting, Text, Timestamp } from '../../../drivers/http/index.ts'
import type { AnyTenantRow } from './everywhere.queries.ts'
import type { MemberRow } from './members.queries.ts'
import { SLUG_PATTERN } from './slugs.ts'
import type { TenantOfUserRow } from './tenants.queries.ts'

export const LEVELS = ['OWNER', 'ADMIN', 'MEMBER'] as const
const Level = OneOf(LEVELS, { description: 'Membership level.' })

export const Tenant = Type.Object({
  id: IdOf('tenant'),
  name: Type.String(),
  slug: Type.String(),
  subdomain: Type.String({ description: 'The slug under its other name.' }),
  status: OneOf(['ACTIVE', 'SUSPENDED']),
  level: OneOf(LEVELS, { description: 'Your own level in this tenant.' }),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  deletedAt: Nullable(Timestamp),
})
export type Tenant = Static<typeof Tenant>

/** A tenant as the back office sees it, which has no level in it. */
export const TenantOfOwner = Type.Omit(Tenant, ['level'])
export type TenantOfOwner = Static<typeof TenantOfOwner>

/** A tenant in whatever state, with who owns it. */
export const AnyTenant = Type.Object({
  ...TenantOfOwner.properties,
  memberCount: Type.Integer(),
  owners: Type.Array(Type.Object({ userId: IdOf('user'), name: Type.String(), email: Type.String() })),
  deletedAt: Nullable(Timestamp),
})
export type AnyTenant = Static<typeof AnyTenant>

const Name = Text(100, { examples: ['Blue Quarry'] })
const Slug = Type.String({
  minLength: 2,
  maxLength: 63,
  pattern: SLUG_PATTERN,
  description: 'One DNS label: small letters, digits and dashes. `slug` and `subdomain` mean the same.',
  examples: ['blue-quarry'],
})
const slugs = { slug: Type.Optional(Slug), subdomain: Type.Optional(Slug) }

export const NewTenant = Body({ name: Name, ...slugs })
export type NewTenant = Static<typeof NewTenant>
export const NewTenantOfOwner = Body({
  ...NewTenant.properties,
  ownerId: Type.Optional(IdOf('user')),
  ownerEmail: Type.Optional(Email),
})
export type NewTenantOfOwner = Static<typeof NewTenantOfOwner>
export const TenantChanges = Body({ name: Type.Optional(Name), ...slugs })
export type TenantChanges = Static<typeof TenantChanges>

const { page, limit, search } = PageQuery
const deleted = Type.Optional(
  Type.Boolean({ description: 'Only tenants that you own and that are deleted, which you can restore.' }),
)
export const TenantQuery = Type.Object({ page, limit, search, deleted })
export type TenantQuery = Static<typeof TenantQuery>
export const AnyTenantQuery = Type.Object({
  ...TenantQuery.properties,
  status: Type.Optional(OneOf(['ACTIVE', 'SUSPENDED'])),
  deleted: Type.Optional(Type.Boolean({ description: 'Only the deleted ones.' })),
})
export type AnyTenantQuery = Static<typeof AnyTenantQuery>
export type AnyTenantFilter = Omit<AnyTenantQuery, 'page' | 'limit'>
export const TenantNameQuery = Type.Object({
  page,
  limit,
  name: Type.String({ maxLength: 200, description: 'A part of the name or the slug, in any case.' }),
})
export const SubdomainQuery = Type.Object({ subdomain: Type.String({ minLength: 1, maxLength: 200 }) })
export const Availability = Type.Object({
  available: Type.Boolean(),
  reason: Type.Optional(OneOf(['invalid', 'reserved', 'taken'])),
})
export type Availability = Static<typeof Availability>

export const Member = Type.Object({
  userId: IdOf('user'),
  email: Type.String(),
  username: Type.String(),
  name: Type.String(),
  avatar: Nullable(Type.String()),
  status: OneOf(['ACTIVE', 'INACTIVE', 'SUSPENDED']),
  level: Level,
  roles: Type.Array(Type.Object({ id: IdOf('role'), name: Type.String(), label: Type.String() })),
  joinedAt: Timestamp,
})
export type Member = Static<typeof Member>

const levels = {
  level: Type.Optional(Level),
  role: Type.Optional(OneOf(LEVELS, { description: 'The level under its other name.' })),
}
export const NewMember = Body({ userId: Type.Optional(IdOf('user')), email: Type.Optional(Email), ...levels })
export type NewMember = Static<typeof NewMember>
export const LevelChange = Body(levels, { examples: [{ level: 'ADMIN' }] })
export type LevelChange = Static<typeof LevelChange>

export const MEMBER_SORT_KEYS = ['joinedAt', 'name', 'email'] as const
export const MemberQuery = Type.Object({
  ...PageQuery,
  ...sorting(MEMBER_SORT_KEYS, 'joinedAt'),
  level: Type.Optional(Level),
})
export type MemberQuery = Static<typeof MemberQuery>
export const MemberParams = Type.Object({ id: IdOf('tenant'), userId: IdOf('user') })

/** Every field of a tenant that leaves. */
export function toTenant(row: TenantOfUserRow): Tenant {
  return {
    id: row.id,
    name: row.name,
    slug: row.slug,
    subdomain: row.slug,
    status: row.status,
    level: row.level,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    deletedAt: row.deletedAt?.toISOString() ?? null,
  }
}

/** Every field of a tenant that leaves to the back office. */
export function toAnyTenant(row: AnyTenantRow): AnyTenant {
  return {
    id: row.id,
    name: row.name,
    slug: row.slug,
    subdomain: row.slug,
    status: row.status,
    memberCount: row.memberCount,
    owners: row.owners,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    deletedAt: row.deletedAt?.toISOString() ?? null,
  }
}

/** Every field of a member that leaves. */
export function toMember(row: MemberRow): Member {
  return {
    userId: row.userId,
    email: row.email,
    username: row.username,
    name: row.name,
    avatar: row.avatar,
    status: row.status,
    level: row.level,
    roles: row.roles,
    joinedAt: row.joinedAt.toISOString(),
  }
}
