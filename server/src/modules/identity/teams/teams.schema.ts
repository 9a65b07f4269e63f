// What comes in and what goes out of teams.
import Type, { type Static } from 'typebox'
import {
  Body,
  IdOf,
  Nullable,
  OneOf,
  PageQuery,
  pageAnswer,
  sorting,
  Text,
  Timestamp,
} from '../../../drivers/http/index.ts'
import { TEAM_ROLES } from './teams.policy.ts'
import type { MemberRow, TeamRow } from './teams.queries.ts'

export const TEAM_SORT_KEYS = ['createdAt', 'name'] as const

const Name = Text(100)
const Description = Nullable(Type.String({ maxLength: 1000 }))
const Picture = Nullable(
  Type.String({ maxLength: 500, pattern: '^https?://', description: 'The address of a picture.' }),
)
const GivenRole = OneOf(['admin', 'member'], { default: 'member' })

export const NewTeam = Body(
  {
    name: Name,
    description: Type.Optional(Description),
    avatar: Type.Optional(Picture),
    memberIds: Type.Optional(
      Type.Array(IdOf('user'), { maxItems: 100, uniqueItems: true, description: 'Members of the tenant.' }),
    ),
  },
  { examples: [{ name: 'Masons', description: 'They build the wall.' }] },
)
export type NewTeam = Static<typeof NewTeam>

export const TeamChanges = Body(
  {
    name: Type.Optional(Name),
    description: Type.Optional(Description),
    avatar: Type.Optional(Picture),
    ownerId: Type.Optional(IdOf('user', { description: 'Gives the team to another member of the tenant.' })),
  },
  { examples: [{ description: 'They build the wall.' }] },
)
export type TeamChanges = Static<typeof TeamChanges>

export const NewMember = Body({ userId: IdOf('user'), role: Type.Optional(GivenRole) })
export type NewMember = Static<typeof NewMember>

const TeamFields = {
  id: IdOf('team'),
  name: Type.String(),
  description: Nullable(Type.String()),
  avatar: Nullable(Type.String()),
  owner: Type.Object({ id: IdOf('user'), name: Type.String() }),
  memberCount: Type.Integer(),
  role: Type.Unsafe<TeamRow['role']>({
    type: ['string', 'null'],
    enum: [...TEAM_ROLES, null],
    description: 'What the caller is in it.',
  }),
  createdAt: Timestamp,
  updatedAt: Timestamp,
}
export const Team = Type.Object(TeamFields, { title: 'Team' })
export type Team = Static<typeof Team>

export const TeamMember = Type.Object(
  {
    id: IdOf('user'),
    userId: IdOf('user'),
    name: Type.String(),
    email: Type.String(),
    avatar: Nullable(Type.String()),
    role: OneOf(TEAM_ROLES),
    joinedAt: Timestamp,
  },
  { title: 'TeamMember' },
)
export type TeamMember = Static<typeof TeamMember>

export const TeamWithMembers = Type.Object(
  { ...TeamFields, members: Type.Array(TeamMember) },
  { title: 'TeamWithMembers' },
)
export type TeamWithMembers = Static<typeof TeamWithMembers>

export const TeamQuery = Type.Object({
  ...PageQuery,
  ...sorting(TEAM_SORT_KEYS, 'createdAt'),
  mine: Type.Optional(Type.Boolean({ description: 'Only teams that the caller is in.' })),
})
export type TeamQuery = Static<typeof TeamQuery>

export const Teams = pageAnswer(Team)
export const MemberParams = Type.Object({ id: IdOf('team'), userId: IdOf('user') })
export const MemberRemoved = Type.Object(
  { message: Type.String(), teamId: IdOf('team'), userId: IdOf('user') },
  { title: 'TeamMemberRemoved' },
)

/** Every field of a team that leaves. */
export function toTeam(row: TeamRow): Team {
  const { id, name, description, avatar, memberCount, role } = row
  const owner = { id: row.ownerId, name: row.ownerName }
  const [createdAt, updatedAt] = [row.createdAt.toISOString(), row.updatedAt.toISOString()]
  return { id, name, description, avatar, owner, memberCount, role, createdAt, updatedAt }
}

export function toMember(row: MemberRow): TeamMember {
  const { userId, name, email, avatar, role, joinedAt } = row
  return { id: userId, userId, name, email, avatar, role, joinedAt: joinedAt.toISOString() }
}
