// What comes in and what goes out of invitations.
import Type, { type Static } from 'typebox'
import { Body, Email, IdOf, Nullable, OneOf, PageQuery, Timestamp } from '../../../drivers/http/index.ts'
import { LEVELS, Tenant } from '../tenants/index.ts'
import type { InvitationRow } from './invitations.queries.ts'

export const STATES = ['pending', 'accepted', 'revoked', 'expired'] as const
export type InvitationState = (typeof STATES)[number]
export const DEFAULT_DAYS = 7

const Level = OneOf(LEVELS, { description: 'The level that the invitation gives.' })
const RoleIds = Type.Array(IdOf('role'), { maxItems: 20, uniqueItems: true })

export const NewInvitation = Body({
  email: Type.Optional(Email),
  level: Type.Optional(Level),
  roleIds: Type.Optional(RoleIds),
  maxUses: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'Of an open link; 1 when left out.' })),
  expiresInDays: Type.Optional(Type.Integer({ minimum: 1, maximum: 30, default: DEFAULT_DAYS })),
})
export type NewInvitation = Static<typeof NewInvitation>

export const Invitation = Type.Object(
  {
    id: IdOf('invitation'),
    email: Nullable(Type.String({ description: 'The address that it is bound to; null: whoever has the link.' })),
    level: Level,
    roleIds: Type.Array(IdOf('role'), {
      description: 'The roles that it gives; empty: the one that comes with the level.',
    }),
    state: OneOf(STATES),
    uses: Type.Integer(),
    maxUses: Type.Integer(),
    invitedBy: Type.Unsafe<{ id: string; name: string } | null>({
      ...Type.Object({ id: IdOf('user'), name: Type.String() }),
      type: ['object', 'null'],
    }),
    createdAt: Timestamp,
    sentAt: Timestamp,
    expiresAt: Timestamp,
    revokedAt: Nullable(Timestamp),
  },
  { title: 'Invitation' },
)
export type Invitation = Static<typeof Invitation>

/** An invitation that was just made or renewed: the secret of an open link is shown this once. */
export const SentInvitation = Type.Object({
  ...Invitation.properties,
  token: Type.Optional(
    Type.String({ description: 'Of an open link only: a bound one is sent by mail and never shown.' }),
  ),
  link: Type.Optional(Type.String()),
})
export type SentInvitation = Static<typeof SentInvitation>

const { page, limit, search, cursor } = PageQuery
export const InvitationQuery = Type.Object({ page, limit, search, cursor, state: Type.Optional(OneOf(STATES)) })
export type InvitationQuery = Static<typeof InvitationQuery>
export const InvitationParams = Type.Object({ id: IdOf('tenant'), invitationId: IdOf('invitation') })

export const InvitationToken = Type.String({
  minLength: 1,
  maxLength: 200,
  description: 'The secret of the invitation.',
})
export const TokenBody = Body(
  { token: InvitationToken },
  { examples: [{ token: 'q8Jm2vX0tC7bN4kLw9RzY1sD6fHaGpUe3iTo5BnVxMc' }] },
)

/** What whoever holds the secret may know before signing in. */
export const Preview = Type.Object({
  tenant: Type.String({ description: 'What the tenant is called.' }),
  inviter: Nullable(Type.String({ description: 'What the person who invites is called.' })),
  level: Level,
  bound: Type.Boolean({ description: 'Whether only the account of the invited address may accept.' }),
})
export type Preview = Static<typeof Preview>

export const Joined = Tenant

/** Every field of an invitation that leaves. */
export function toInvitation(row: InvitationRow): Invitation {
  return {
    id: row.id,
    email: row.email,
    level: row.level,
    roleIds: row.roleIds,
    state: row.state,
    uses: row.uses,
    maxUses: row.maxUses,
    invitedBy: row.inviterId === null ? null : { id: row.inviterId, name: row.inviterName ?? '' },
    createdAt: row.createdAt.toISOString(),
    sentAt: row.sentAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    revokedAt: row.revokedAt?.toISOString() ?? null,
  }
}
