// What comes in and what goes out of notifications.
import Type, { type Static } from 'typebox'
import { Body, IdOf, Nullable, OneOf, PageQuery, pageAnswer, Timestamp } from '../../../drivers/http/index.ts'
import type { Language } from '../../foundation/mail/index.ts'
import type { NotificationRow } from './notifications.queries.ts'
import { CHANNELS, type Channel, KINDS, type Kind } from './rules.ts'
import { say } from './words.ts'

export const Notification = Type.Object(
  {
    id: IdOf('notification'),
    type: Type.String({ description: 'system, user, message, task or alert.', examples: ['message'] }),
    kind: Nullable(Type.String({ description: 'Which preference it comes under.', examples: ['message'] })),
    title: Type.String({ description: "In the reader's language." }),
    content: Type.String(),
    link: Nullable(Type.String({ description: 'The page of the front end.', examples: ['/messages'] })),
    subject: Nullable(
      Type.Object({
        type: Type.String({ examples: ['document'] }),
        id: Type.String(),
        name: Nullable(Type.String({ description: 'Null where the reader may not know it (any more).' })),
      }),
    ),
    sender: Nullable(Type.Object({ id: IdOf('user'), name: Type.String(), avatar: Nullable(Type.String()) })),
    times: Type.Integer({ description: 'How many things it tells of.' }),
    read: Type.Boolean(),
    readAt: Nullable(Timestamp),
    createdAt: Timestamp,
  },
  { title: 'Notification' },
)
export type Notification = Static<typeof Notification>

const { page, cursor } = PageQuery
export const NotificationQuery = Type.Object({
  page,
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
  cursor,
  unread: Type.Optional(Type.Boolean({ description: 'Only what is unread; false: only what is read.' })),
  kind: Type.Optional(OneOf(KINDS)),
})
export type NotificationQuery = Static<typeof NotificationQuery>
export const Notifications = pageAnswer(Notification)

export const UnreadNotifications = Type.Object(
  { count: Type.Integer({ description: 'Counts to 10,000.' }) },
  { title: 'UnreadNotifications' },
)
export const Marks = Body(
  {
    ids: Type.Array(IdOf('notification'), { minItems: 1, maxItems: 100, uniqueItems: true }),
    read: Type.Optional(Type.Boolean({ default: true })),
  },
  { examples: [{ ids: ['cmi8z2n4w0q5t1v7x3y9b6d2'] }] },
)
export type Marks = Static<typeof Marks>

export const Counted = Type.Object(
  { message: Type.String(), count: Type.Integer({ description: 'How many are otherwise than before.' }) },
  { title: 'NotificationsCounted' },
)
export type Counted = Static<typeof Counted>

const perKind = <T>(make: (kind: Kind) => T) =>
  Object.fromEntries(KINDS.map((kind) => [kind, make(kind)])) as Record<Kind, T>

export const Preferences = Type.Object(
  perKind(() => OneOf(CHANNELS)),
  { title: 'NotificationPreferences' },
)
export type Preferences = Record<Kind, Channel>

export const PreferenceChanges = Body(
  perKind(() => Type.Optional(OneOf(CHANNELS))),
  { examples: [{ message: 'both', shared: 'in_app' }] },
)
export type PreferenceChanges = Partial<Preferences>

export interface Reader {
  language: Language
  /** What subjects are called, by type and id, as far as the reader may know. */
  names: ReadonlyMap<string, string>
}

export const nameKey = (type: string, id: string) => `${type} ${id}`

/** Every field of a notification that leaves; what another back end wrote stands as it is. */
export function toNotification(row: NotificationRow, { language, names }: Reader): Notification {
  const { id, type, kind, link, times, read, subjectType, subjectId } = row
  const isAbout = subjectType !== null && subjectId !== null
  const name = isAbout ? (names.get(nameKey(subjectType, subjectId)) ?? null) : null
  const said =
    row.eventName === null ? undefined : say(language, row.eventName, { sender: row.senderName, subject: name, times })
  return {
    id,
    type,
    kind,
    title: said?.title ?? row.title,
    content: said?.content ?? row.content,
    link,
    subject: isAbout ? { type: subjectType, id: subjectId, name } : null,
    sender: row.senderId === null ? null : { id: row.senderId, name: row.senderName ?? '', avatar: row.senderAvatar },
    times,
    read,
    readAt: row.readAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
  }
}
