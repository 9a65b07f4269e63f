// What comes in and what goes out of links, and of shares that stand beside them.
import Type, { type Static } from 'typebox'
import { Body, IdOf, Nullable, OneOf, Timestamp } from '../../../drivers/http/index.ts'
import { NewShare, SHARE_LEVELS, type ShareRow } from '../access/index.ts'
import { type LinkRow, STATES } from './links.queries.ts'

/** A year: who wants more says when. */
const MAX_HOURS = 8_760
const MAX_DOWNLOADS = 1_000_000

const limits = {
  expiresInHours: Type.Optional(
    Type.Integer({ minimum: 1, maximum: MAX_HOURS, description: 'When it ends by itself, from now on.' }),
  ),
  password: Type.Optional(
    Type.String({ format: 'password', minLength: 6, maxLength: 256, description: 'Asked of whoever opens the link.' }),
  ),
  maxDownloads: Type.Optional(
    Type.Integer({ minimum: 1, maximum: MAX_DOWNLOADS, description: 'How many downloads it lets through.' }),
  ),
}

export const NewLink = Body(
  { ...limits, expiresAt: NewShare.properties.expiresAt },
  { examples: [{ expiresInHours: 72, maxDownloads: 10 }] },
)
export type NewLink = Static<typeof NewLink>

/** With whom is named; by a link where nobody is, or where it is asked for. */
export const NewShareOrLink = Body(
  {
    ...NewShare.properties,
    ...limits,
    public: Type.Optional(Type.Boolean({ description: 'Whether to make a link; without it, where nobody is named.' })),
  },
  { examples: [{ expiresInHours: 72 }] },
)
export type NewShareOrLink = Static<typeof NewShareOrLink>

export const Share = Type.Object(
  {
    id: IdOf('share'),
    kind: OneOf(['user', 'team', 'link']),
    userId: Nullable(IdOf('user')),
    teamId: Nullable(IdOf('team')),
    name: Nullable(Type.String({ description: 'Of the person or the team.' })),
    avatar: Nullable(Type.String()),
    permission: OneOf(SHARE_LEVELS, { description: 'A link reads.' }),
    state: OneOf(STATES),
    hasPassword: Type.Boolean(),
    maxDownloads: Nullable(Type.Integer()),
    downloads: Type.Integer({ description: 'By the link.' }),
    expiresAt: Nullable(Timestamp),
    createdAt: Timestamp,
  },
  { title: 'Share' },
)
export type Share = Static<typeof Share>

export const Shares = Type.Object({ data: Type.Array(Share) }, { title: 'Shares' })

export const MadeShare = Type.Object(
  {
    ...Share.properties,
    fileId: IdOf('file'),
    token: Nullable(Type.String({ description: 'The secret of a link: shown this once, and kept nowhere.' })),
    url: Type.String({
      description: 'What a link shows; `/content` after it is the file. Else the file, for whoever signs in.',
    }),
  },
  { title: 'MadeShare' },
)
export type MadeShare = Static<typeof MadeShare>

export const RevokedShare = Body({ shareId: IdOf('share') }, { examples: [{ shareId: 'cmi8z2n4w0q5t1v7x3y9b6d2' }] })
export const Revoked = Type.Object({ message: Type.String(), shareId: Type.String() }, { title: 'ShareRevoked' })

/** What a link tells to anybody: nothing of whose the file is, nor of where it lies. */
export const SharedFile = Type.Object(
  {
    name: Nullable(Type.String({ description: 'Null, as all that is said of the file, until a password is given.' })),
    size: Nullable(Type.Integer({ description: 'In bytes.' })),
    mimeType: Nullable(Type.String()),
    type: Nullable(Type.String({ examples: ['document'] })),
    needsPassword: Type.Boolean({ description: 'Whether it must be unlocked before it is read.' }),
    expiresAt: Nullable(Timestamp),
  },
  { title: 'SharedFile' },
)
export type SharedFile = Static<typeof SharedFile>

export const Unlock = Body(
  { password: Type.String({ format: 'password', minLength: 1, maxLength: 256 }) },
  { examples: [{ password: 'granite' }] },
)
export const LinkPass = Type.Object(
  {
    pass: Type.String({
      description: 'Sent with requests for the file: as the header X-Link-Pass, or as `pass` in the address.',
    }),
    expiresAt: Timestamp,
    expiresIn: Type.Integer({ description: 'Seconds.' }),
  },
  { title: 'LinkPass' },
)
export type LinkPass = Static<typeof LinkPass>

export function ofLink({ id, passwordHash, maxDownloads, downloads, state, expiresAt, createdAt }: LinkRow): Share {
  return {
    id,
    kind: 'link',
    userId: null,
    teamId: null,
    name: null,
    avatar: null,
    permission: 'READ',
    state,
    hasPassword: passwordHash !== null,
    maxDownloads,
    downloads,
    expiresAt: expiresAt?.toISOString() ?? null,
    createdAt: createdAt.toISOString(),
  }
}

export function ofShare(
  { id, userId, teamId, name, avatar, level, expiresAt, createdAt }: ShareRow,
  now: number,
): Share {
  return {
    id,
    kind: userId === null ? 'team' : 'user',
    userId,
    teamId,
    name,
    avatar,
    permission: level,
    state: expiresAt !== null && expiresAt.getTime() <= now ? 'expired' : 'active',
    hasPassword: false,
    maxDownloads: null,
    downloads: 0,
    expiresAt: expiresAt?.toISOString() ?? null,
    createdAt: createdAt.toISOString(),
  }
}
