// What comes in and what goes out of shares, whatever is shared.
import Type, { type Static } from 'typebox'
import { Body, IdOf, Nullable, OneOf, Timestamp } from '../../../drivers/http/index.ts'
import { SHARE_LEVELS } from './access.policy.ts'
import type { ShareRow } from './shares.queries.ts'

const People = Type.Array(IdOf('user'), { maxItems: 100, uniqueItems: true, description: 'Members of the tenant.' })
const TeamIds = Type.Array(IdOf('team'), { maxItems: 100, uniqueItems: true })

const targets = {
  userId: Type.Optional(IdOf('user')),
  teamId: Type.Optional(IdOf('team')),
  userIds: Type.Optional(People),
  teamIds: Type.Optional(TeamIds),
}

export const NewShare = Body(
  {
    ...targets,
    permission: Type.Optional(OneOf(SHARE_LEVELS, { default: 'READ' })),
    expiresAt: Type.Optional(
      Nullable(
        Type.String({ format: 'date-time', maxLength: 40, description: 'When it ends by itself; null: never.' }),
      ),
    ),
  },
  { examples: [{ userId: 'cmi8z2n4w0q5t1v7x3y9b6d2', permission: 'READ' }] },
)
export type NewShare = Static<typeof NewShare>

/** Whom it is shared with no longer; everybody where nobody is named. */
export const EndedShares = Body(targets, { examples: [{}] })
export type EndedShares = Static<typeof EndedShares>

export const Collaborator = Type.Object(
  {
    id: Type.String({ description: 'Of the person or the team.' }),
    kind: OneOf(['user', 'team']),
    name: Type.String(),
    avatar: Nullable(Type.String()),
    permission: OneOf(SHARE_LEVELS),
    expiresAt: Nullable(Timestamp),
  },
  { title: 'Collaborator' },
)
export type Collaborator = Static<typeof Collaborator>

export function toCollaborator(row: ShareRow): Collaborator {
  const { userId, teamId, name, avatar, level, expiresAt } = row
  const kind = userId === null ? 'team' : 'user'
  return {
    id: userId ?? teamId ?? '',
    kind,
    name,
    avatar,
    permission: level,
    expiresAt: expiresAt?.toISOString() ?? null,
  }
}

/** A link that works by itself. */
export const DownloadUrl = Type.Object(
  { url: Type.String(), expiresAt: Timestamp, expiresIn: Type.Integer({ description: 'Seconds.' }) },
  { title: 'DownloadUrl' },
)
