// What happens in conversations. Whoever is in one hears of it, from the first message on that was sent since they came.
import Type from 'typebox'
import { changedFields, type Deed, defineEvent, type Fact } from '../../../core/events.ts'

const aggregate = 'conversation'
const live = { asked: 'whoever is in the conversation, of what was sent since they came' }
const Id = Type.String({ examples: ['cmi8z2n4w0q5t1v7x3y9b6d2'] })
const One = Type.Object({
  messageId: Id,
  number: Type.Integer({ description: 'Its place in the conversation, from 1.' }),
})
const one = ({ changes }: Deed) => ({ messageId: String(changes?.messageId), number: Number(changes?.number) })

const messageSent = defineEvent({
  name: 'messages.sent',
  aggregate,
  summary: 'A message was sent.',
  schema: One,
  live,
  follows: { 'messages.send': one },
})

const conversationCreated = defineEvent({
  name: 'conversations.created',
  aggregate,
  summary: 'A conversation began.',
  schema: Type.Object({ isGroup: Type.Boolean() }),
  live,
  follows: { 'conversations.create': ({ changes }) => ({ isGroup: changes?.isGroup === true }) },
})

export const conversationJoined = defineEvent({
  name: 'conversations.joined',
  aggregate,
  summary: 'People were added to a group, with its beginning or later; of many at once several tell.',
  schema: Type.Object({ userIds: Type.Array(Id) }),
  live,
})

const conversationRead = defineEvent({
  name: 'conversations.read',
  aggregate,
  summary: 'Somebody read a conversation up to a message.',
  schema: Type.Object({ userId: Id, number: Type.Integer() }),
  live,
  follows: {
    'messages.read': ({ changes }, doer) =>
      doer.kind === 'user' ? { userId: doer.userId, number: Number(changes?.number) } : undefined,
  },
})

const Left = Type.Object({ userId: Id, removed: Type.Boolean({ description: 'By somebody else.' }) })
const left = ({ changes }: Deed, removed: boolean) => ({ userId: String(changes?.userId), removed })

const conversationLeft = defineEvent({
  name: 'conversations.left',
  aggregate,
  summary: 'Somebody left a conversation, or was taken out of it. The last that they hear of it.',
  schema: Left,
  live: { ...live, users: ({ payload }: Fact<{ userId: string }>) => [payload.userId] },
  follows: {
    'conversations.leave': (deed) => left(deed, false),
    'conversations.remove_member': (deed) => left(deed, true),
  },
})

export const messageEvents = [
  messageSent,
  defineEvent({
    name: 'messages.edited',
    aggregate,
    summary: 'A message says something else.',
    schema: One,
    live,
    follows: { 'messages.edit': one },
  }),
  defineEvent({
    name: 'messages.deleted',
    aggregate,
    summary: 'A message was deleted; its number stays.',
    schema: One,
    live,
    follows: { 'messages.delete': one },
  }),
  conversationCreated,
  defineEvent({
    name: 'conversations.updated',
    aggregate,
    summary: 'A group has another name or picture.',
    schema: Type.Object({ fields: Type.Array(Type.String({ examples: ['name'] })) }),
    live,
    follows: { 'conversations.edit': changedFields },
  }),
  conversationJoined,
  conversationLeft,
  conversationRead,
]
