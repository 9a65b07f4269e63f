// What comes in and what goes out of the back office's accounts.
import Type, { type Static } from 'typebox'
import { Body, Id, Nullable, OneOf, Timestamp } from '../../../drivers/http/index.ts'
import { Tokens } from '../sessions/index.ts'
import { Registration } from '../users/index.ts'
import type { AdminRow } from './admins.queries.ts'

export const Admin = Type.Object({
  id: Id,
  email: Type.String(),
  username: Type.String(),
  name: Type.String(),
  avatar: Nullable(Type.String()),
  status: OneOf(['ACTIVE', 'SUSPENDED']),
  lastLoginAt: Nullable(Timestamp),
  createdAt: Timestamp,
  updatedAt: Timestamp,
})
export type Admin = Static<typeof Admin>

const { email, password, name, username } = Registration.properties
export const NewAdmin = Body({ email, password, name, username })
export type NewAdmin = Static<typeof NewAdmin>
export const AdminChanges = Body({ name, username })
export type AdminChanges = Static<typeof AdminChanges>
export const AdminSignedIn = Type.Object({ ...Tokens.properties, admin: Admin })

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
  }
}
