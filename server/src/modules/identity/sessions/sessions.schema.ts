// What a session shows of itself.
import Type, { type Static } from 'typebox'
import { Id, Timestamp } from '../../../drivers/http/index.ts'
import type { SessionRow } from './sessions.queries.ts'

export const Session = Type.Object(
  {
    id: Id,
    device: Type.String({ examples: ['Firefox 128 on Linux'] }),
    ip: Type.String(),
    createdAt: Timestamp,
    lastSeenAt: Timestamp,
    expiresAt: Timestamp,
    current: Type.Boolean({ description: 'The session that asks.' }),
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
  }
}
