// What comes in and what goes out of conversations and messages.
import Type, { type Static } from 'typebox'
import { Body, IdOf, Nullable, OneOf, PageQuery, pageAnswer, Text, Timestamp } from '../../../drivers/http/index.ts'
import type { AttachmentRow } from './attachments.queries.ts'
import type { ConversationRow } from './conversations.queries.ts'
import { roleOf } from './messages.policy.ts'
import type { MessageRow } from './messages.queries.ts'

export const MESSAGE_TYPES = ['text', 'image', 'file'] as const

const Content = Text(10_000, { examples: ['The slabs are here.'] })
const Picture = Nullable(
  Type.String({ maxLength: 500, pattern: '^https?://', description: 'The address of a picture.' }),
)
const Members = Type.Array(IdOf('user'), {
  minItems: 1,
  maxItems: 100,
  uniqueItems: true,
  description: 'Members of the tenant.',
})

export const NewMessage = Body(
  {
    conversationId: Type.Optional(IdOf('conversation', { description: 'Where to; or name a `recipientId`.' })),
    recipientId: Type.Optional(
      IdOf('user', {
        description: 'A member of the tenant: the private conversation with them begins if there is none.',
      }),
    ),
    content: Content,
    type: Type.Optional(OneOf(MESSAGE_TYPES, { default: 'text' })),
    attachmentIds: Type.Optional(
      Type.Array(IdOf('file'), { maxItems: 20, uniqueItems: true, description: 'Files that the sender may read.' }),
    ),
    replyToId: Type.Optional(Nullable(IdOf('message', { description: 'A message of the same conversation.' }))),
  },
  { examples: [{ conversationId: 'cmi8z2n4w0q5t1v7x3y9b6d2', content: 'The slabs are here.' }] },
)
export type NewMessage = Static<typeof NewMessage>

export const MessageChange = Body({ content: Content })
export type MessageChange = Static<typeof MessageChange>

export const NewConversation = Body(
  {
    recipientId: Type.Optional(IdOf('user', { description: 'For a private one: the other person.' })),
    memberIds: Type.Optional(Members),
    name: Type.Optional(Text(100)),
    avatar: Type.Optional(Picture),
  },
  { examples: [{ name: 'Quarry', memberIds: ['cmi8z2n4w0q5t1v7x3y9b6d2'] }] },
)
export type NewConversation = Static<typeof NewConversation>

export const ConversationChanges = Body(
  { name: Type.Optional(Text(100)), avatar: Type.Optional(Picture) },
  { examples: [{ name: 'Quarry' }] },
)
export type ConversationChanges = Static<typeof ConversationChanges>

export const NewMembers = Body({ userIds: Members })
export type NewMembers = Static<typeof NewMembers>

export const ReadUpTo = Body(
  {
    messageId: Type.Optional(IdOf('message', { description: 'Up to this message; all of them where none is named.' })),
  },
  { examples: [{}] },
)
export type ReadUpTo = Static<typeof ReadUpTo>

const Person = Type.Object({ id: IdOf('user'), name: Type.String(), avatar: Nullable(Type.String()) })

export const ChatMessage = Type.Object(
  {
    id: IdOf('message'),
    conversationId: IdOf('conversation'),
    number: Type.Integer({ description: 'Its place in the conversation, from 1.' }),
    sender: Person,
    own: Type.Boolean({ description: 'Whether the caller sent it.' }),
    type: Type.String({ examples: ['text'] }),
    content: Type.String({ description: 'Empty once it is deleted.' }),
    replyTo: Nullable(
      Type.Object({
        id: IdOf('message'),
        senderName: Type.String(),
        content: Type.String({ description: 'Its beginning.' }),
      }),
    ),
    attachments: Type.Array(
      Type.Object({
        id: IdOf('file'),
        name: Type.String(),
        mimeType: Type.String(),
        size: Type.Integer({ description: 'In bytes.' }),
      }),
      { description: 'Those of its files that the caller may read: sending one gives nobody access to it.' },
    ),
    read: Type.Boolean({ description: "By the caller; of the caller's own messages: by everybody else." }),
    createdAt: Timestamp,
    editedAt: Nullable(Timestamp),
    deletedAt: Nullable(Timestamp),
  },
  { title: 'ChatMessage' },
)
export type ChatMessage = Static<typeof ChatMessage>

const Member = Type.Object({
  id: IdOf('user'),
  name: Type.String(),
  avatar: Nullable(Type.String()),
  role: OneOf(['owner', 'admin', 'member']),
  readNumber: Type.Integer({ description: 'The number of the last message that they read.' }),
})

export const Conversation = Type.Object(
  {
    id: IdOf('conversation'),
    type: OneOf(['private', 'group']),
    name: Type.String({ description: "A group's name, or its members; of a private one the other person." }),
    avatar: Nullable(Type.String()),
    members: Type.Array(Member, { description: 'In lists the first ten.' }),
    memberCount: Type.Integer(),
    role: OneOf(['owner', 'admin', 'member']),
    lastMessage: Nullable(
      Type.Object({
        id: IdOf('message'),
        number: Type.Integer(),
        sender: Person,
        own: Type.Boolean(),
        content: Type.String(),
        createdAt: Timestamp,
      }),
    ),
    unreadCount: Type.Integer(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  },
  { title: 'Conversation' },
)
export type Conversation = Static<typeof Conversation>

export const ConversationQuery = Type.Object(PageQuery)
export type ConversationQuery = Static<typeof ConversationQuery>
export const Conversations = pageAnswer(Conversation)

export const MessageQuery = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 50 })),
  cursor: Type.Optional(
    Type.String({
      maxLength: 500,
      description: 'From `meta.nextCursor` for older messages, `meta.previousCursor` for newer.',
    }),
  ),
})
export type MessageQuery = Static<typeof MessageQuery>

export const Messages = Type.Object({
  conversation: Conversation,
  data: Type.Array(ChatMessage, { description: 'From the oldest to the newest.' }),
  meta: Type.Object({
    total: Type.Integer({ description: 'Counts to 10,000.' }),
    page: Type.Integer(),
    limit: Type.Integer(),
    totalPages: Type.Integer(),
    nextCursor: Type.Optional(Type.String({ description: 'To what is older.' })),
    previousCursor: Type.Optional(Type.String({ description: 'To what is newer, now or later.' })),
  }),
})
export type Messages = Static<typeof Messages>

export const UnreadCount = Type.Object(
  { count: Type.Integer({ description: 'Messages.' }), conversations: Type.Integer({ description: 'That have any.' }) },
  { title: 'UnreadMessages' },
)
export type UnreadCount = Static<typeof UnreadCount>

export const MarkedRead = Type.Object(
  { message: Type.String(), id: IdOf('conversation'), unreadCount: Type.Integer() },
  { title: 'ConversationRead' },
)
export type MarkedRead = Static<typeof MarkedRead>

export const MemberParams = Type.Object({ id: IdOf('conversation'), userId: IdOf('user') })
export const MessageParams = Type.Object({ id: IdOf('conversation'), messageId: IdOf('message') })
export const MemberRemoved = Type.Object(
  { message: Type.String(), id: IdOf('conversation'), userId: IdOf('user') },
  { title: 'ConversationMemberRemoved' },
)

/** Every field of a conversation that leaves, as it is for one of its people. */
export function toConversation(row: ConversationRow, userId: string): Conversation {
  const others = row.members.filter(({ id }) => id !== userId)
  const names = others.map(({ name }) => name).join(', ')
  const peer = row.isGroup ? undefined : (others[0] ?? row.peer)
  const last = row.last
  return {
    id: row.id,
    type: row.isGroup ? 'group' : 'private',
    name: (peer ? peer.name : row.name) || names || '…',
    avatar: peer ? peer.avatar : row.avatar,
    members: row.members.map(({ role, ...member }) => ({ ...member, role: roleOf(role) })),
    memberCount: row.memberCount,
    role: roleOf(row.role),
    lastMessage: last && {
      id: last.id,
      number: last.number,
      sender: { id: last.senderId, name: last.senderName, avatar: last.senderAvatar },
      own: last.senderId === userId,
      content: last.content,
      createdAt: new Date(`${last.createdAt}Z`).toISOString(),
    },
    unreadCount: row.unread,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  }
}

export interface Reader {
  userId: string
  /** Up to which number the reader, and everybody else, has read. */
  readNumber: number
  othersRead: number | null
}

/** Every field of a message that leaves, as it is for a reader. */
export function toMessage(
  row: MessageRow,
  { userId, readNumber, othersRead }: Reader,
  files: readonly AttachmentRow[],
): ChatMessage {
  const own = row.senderId === userId
  const { replyId, replyName, replyContent } = row
  return {
    id: row.id,
    conversationId: row.conversationId,
    number: row.number,
    sender: { id: row.senderId, name: row.senderName, avatar: row.senderAvatar },
    own,
    type: row.type,
    content: row.content,
    replyTo: replyId === null ? null : { id: replyId, senderName: replyName ?? '', content: replyContent ?? '' },
    attachments: files.map(({ id, name, mimeType, size }) => ({ id, name, mimeType, size })),
    read: own ? othersRead !== null && row.number <= othersRead : row.number <= readNumber,
    createdAt: row.createdAt.toISOString(),
    editedAt: row.editedAt?.toISOString() ?? null,
    deletedAt: row.deletedAt?.toISOString() ?? null,
  }
}
