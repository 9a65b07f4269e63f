// What a session shows of itself.
import Type, { type Static } from 'typebox'
import { IdOf, Timestamp } from '../../../drivers/http/index.ts'
import type { SessionRow } from './sessions.queries.ts'
import type { TokenPair } from './sessions.service.ts'

export const Session = Type.Object(
  {
    id: IdOf('session'),
    device: Type.String({ examples: ['Firefox 128 on Linux'] }),
    ip: Type.String(),
    createdAt: Timestamp,
    lastSeenAt: Timestamp,
    expiresAt: Timestamp,
    current: Type.Boolean({ description: 'The session that asks.' }),
    impersonated: Type.Boolean({ description: 'An admin of this installation acts in your name.' }),
  },
  { title: 'Session' },
)
export type Session = Static<typeof Session>

export const SessionList = Type.Object({ data: Type.Array(Session) })

/** Every field of a session that leaves. */
export function toSession(row: SessionRow, currentId: string | undefined): Session {
  return {
    id: row.id,
    device: row.device,
    ip: row.ip,
    createdAt: row.createdAt.toISOString(),
    lastSeenAt: row.lastSeenAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    current: row.id === currentId,
    impersonated: row.impersonatorId !== null,
  }
}

/** What signing in, refreshing and switching answer. */
export const Tokens = Type.Object({
  accessToken: Type.String(),
  refreshToken: Type.String(),
  tokenType: Type.Literal('bearer'),
  expiresAt: Timestamp,
  expiresIn: Type.Integer({ description: 'Seconds.' }),
  // RFC 6749, 5.1.
  access_token: Type.String(),
  refresh_token: Type.String(),
  token_type: Type.Literal('bearer'),
  expires_in: Type.Integer(),
})

/** A token pair under our names and under those of OAuth 2.0. */
export function toTokens(pair: TokenPair): Static<typeof Tokens> {
  const { accessToken, refreshToken, expiresAt, expiresIn } = pair
  return {
    accessToken,
    refreshToken,
    tokenType: 'bearer',
    expiresAt,
    expiresIn,
    access_token: accessToken,
    refresh_token: refreshToken,
    token_type: 'bearer',
    expires_in: expiresIn,
  }
}
