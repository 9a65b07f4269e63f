// What comes in and what goes out of the back office's accounts.
import Type, { type Static } from 'typebox'
import { Body, IdOf, Nullable, OneOf, PageQuery, Text, Timestamp } from '../../../drivers/http/index.ts'
import type { ImpersonationRow } from '../sessions/index.ts'
import { Tokens } from '../sessions/index.ts'
import { Registration } from '../users/index.ts'
import type { AdminRow } from './admins.queries.ts'

export const Admin = Type.Object({
  id: IdOf('admin'),
  email: Type.String(),
  username: Type.String(),
  name: Type.String(),
  avatar: Nullable(Type.String()),
  status: OneOf(['ACTIVE', 'SUSPENDED']),
  lastLoginAt: Nullable(Timestamp),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  deletedAt: Nullable(Timestamp),
})
export type Admin = Static<typeof Admin>

const { email, password, name, username } = Registration.properties
export const NewAdmin = Body({ email, password, name, username })
export type NewAdmin = Static<typeof NewAdmin>
export const AdminChanges = Body({ name, username })
export type AdminChanges = Static<typeof AdminChanges>
export const AdminSignedIn = Type.Object({ ...Tokens.properties, admin: Admin })

const { page, limit, search } = PageQuery
export const AdminQuery = Type.Object({
  page,
  limit,
  search,
  status: Type.Optional(OneOf(['ACTIVE', 'SUSPENDED'])),
  deleted: Type.Optional(Type.Boolean({ description: 'Only deleted accounts, which can be restored.' })),
})
export type AdminQuery = Static<typeof AdminQuery>

export const NewImpersonation = Body({
  userId: IdOf('user'),
  tenantId: Type.Optional(IdOf('tenant')),
  reason: Text(500, { examples: ['Ticket 4711: cannot open an invoice'] }),
  minutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 60, description: '15 when left out.' })),
})
export type NewImpersonation = Static<typeof NewImpersonation>
export const Impersonated = Type.Object({
  ...Type.Omit(Tokens, ['refreshToken', 'refresh_token']).properties,
  impersonation: Type.Object({ id: IdOf('impersonation'), userId: IdOf('user'), tenantId: IdOf('tenant') }),
})
export type Impersonated = Static<typeof Impersonated>
export const ImpersonationQuery = Type.Object({
  page,
  limit,
  live: Type.Optional(Type.Boolean({ description: 'Only those that have not ended.' })),
})
export type ImpersonationQuery = Static<typeof ImpersonationQuery>
export const Impersonation = Type.Object({
  id: IdOf('impersonation'),
  admin: Type.Object({ id: IdOf('admin'), name: Type.String() }),
  user: Type.Object({ id: IdOf('user'), name: Type.String() }),
  tenantId: IdOf('tenant'),
  reason: Type.String(),
  createdAt: Timestamp,
  endsAt: Timestamp,
})
export type Impersonation = Static<typeof Impersonation>

export function toImpersonation(row: ImpersonationRow): Impersonation {
  return {
    id: row.id,
    admin: { id: row.adminId, name: row.adminName },
    user: { id: row.userId, name: row.userName },
    tenantId: row.tenantId,
    reason: row.reason,
    createdAt: row.createdAt.toISOString(),
    endsAt: row.endsAt.toISOString(),
  }
}

/** Every field of an account that leaves. */
export function toAdmin(row: AdminRow): Admin {
  return {
    id: row.id,
    email: row.email,
    username: row.username,
    name: row.name,
    avatar: row.avatar,
    status: row.status,
    lastLoginAt: row.lastLoginAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    deletedAt: row.deletedAt?.toISOString() ?? null,
  }
}
