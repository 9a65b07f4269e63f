// What goes out of the access log.
import Type, { type Static } from 'typebox'
import { IdOf, Nullable, OneOf, PageQuery, pageAnswer, Timestamp } from '../../../drivers/http/index.ts'
import type { AccessRow } from './accesslog.queries.ts'

const { page, limit, cursor } = PageQuery
export const AccessQuery = Type.Object({ page, limit, cursor })
export type AccessQuery = Static<typeof AccessQuery>

export const AccessEntry = Type.Object(
  {
    id: Type.String(),
    action: OneOf(['view', 'download']),
    userId: Nullable(IdOf('user', { description: 'Null for whoever came by a link, and for accounts that are gone.' })),
    userName: Nullable(Type.String()),
    linkId: Nullable(IdOf('share', { description: 'The link that they came by, which may be gone.' })),
    ipAddress: Type.String(),
    userAgent: Type.String(),
    accessedAt: Timestamp,
  },
  { title: 'AccessEntry' },
)
export type AccessEntry = Static<typeof AccessEntry>
export const AccessPage = pageAnswer(AccessEntry)

export function toEntry({ id, action, userId, userName, linkId, ip, userAgent, accessedAt }: AccessRow): AccessEntry {
  return { id, action, userId, userName, linkId, ipAddress: ip, userAgent, accessedAt: accessedAt.toISOString() }
}
