// Conversations, who takes part in them, and their messages. What is read lies with the participant.
import {
  type AnyPgColumn,
  boolean,
  foreignKey,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import {
  cascade,
  idOf,
  keyOf,
  moment,
  setNull,
  tenantId,
  tenantIdOfKey,
  utc,
  utcNow,
} from '../../../drivers/database/columns.ts'

export const conversations = pgTable(
  'conversations',
  {
    id: text().primaryKey(),
    name: text(),
    isGroup: boolean().notNull().default(false),
    avatar: text(),
    createdAt: utcNow(),
    updatedAt: utcNow(),
    tenantId: tenantId(),
    /** The number of its last message. */
    lastNumber: integer().notNull().default(0),
    /** The two people of a private one, in order. */
    pair: text(),
  },
  (table) => [
    uniqueIndex('conversations_tenantId_pair_key').on(table.tenantId, table.pair),
    index('conversations_tenantId_updatedAt_id_idx').on(table.tenantId, table.updatedAt.desc(), table.id.desc()),
  ],
)

export const conversationParticipants = pgTable(
  'conversation_participants',
  {
    conversationId: text()
      .notNull()
      .references(() => conversations.id, cascade),
    userId: text().notNull().references(idOf('users'), cascade),
    role: text().default('member'),
    unreadCount: integer().notNull().default(0),
    lastReadAt: utc(),
    joinedAt: utcNow(),
    tenantId: tenantId(),
    /** Read up to this number. */
    readNumber: integer().notNull().default(0),
    /** How many after that are not unread: one's own, and those that were deleted. */
    skipped: integer().notNull().default(0),
    /** What has this number or a lower one was said before the person was there. */
    fromNumber: integer().notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.conversationId, table.userId] }),
    index('conversation_participants_tenantId_userId_idx').on(table.tenantId, table.userId),
    index('conversation_participants_userId_idx').on(table.userId),
  ],
)

export const messages = pgTable(
  'messages',
  {
    id: text().primaryKey(),
    conversationId: text()
      .notNull()
      .references(() => conversations.id, cascade),
    senderId: text().notNull().references(idOf('users'), cascade),
    type: text().notNull().default('text'),
    content: text().notNull(),
    createdAt: utcNow(),
    tenantId: tenantId(),
    /** Its place in the conversation, given by the database. */
    number: integer().notNull().default(0),
    replyToId: text().references((): AnyPgColumn => messages.id, setNull),
    editedAt: moment(),
    /** Its content is gone since. */
    deletedAt: moment(),
  },
  (table) => [
    uniqueIndex('messages_tenantId_conversationId_number_key').on(table.tenantId, table.conversationId, table.number),
    uniqueIndex('messages_tenantId_id_key').on(table.tenantId, table.id),
    index('messages_replyToId_idx').on(table.replyToId),
    index('messages_conversationId_idx').on(table.conversationId),
    index('messages_senderId_idx').on(table.senderId),
    index('messages_tenantId_conversationId_createdAt_id_idx').on(
      table.tenantId,
      table.conversationId,
      table.createdAt.desc(),
      table.id.desc(),
    ),
    index('messages_conversationId_createdAt_id_idx').on(table.conversationId, table.createdAt.desc(), table.id.desc()),
  ],
)

export const messageAttachments = pgTable(
  'message_attachments',
  {
    tenantId: tenantIdOfKey(),
    messageId: text().notNull(),
    fileId: text().notNull(),
    /** Its place among the attachments of the message, from 0. */
    place: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.messageId, table.fileId] }),
    foreignKey({
      name: 'message_attachments_messageId_fkey',
      columns: [table.tenantId, table.messageId],
      foreignColumns: [messages.tenantId, messages.id],
    })
      .onDelete(cascade.onDelete)
      .onUpdate(cascade.onUpdate),
    foreignKey({
      name: 'message_attachments_fileId_fkey',
      columns: [table.tenantId, table.fileId],
      foreignColumns: keyOf('files'),
    })
      .onDelete(cascade.onDelete)
      .onUpdate(cascade.onUpdate),
    index('message_attachments_tenantId_fileId_idx').on(table.tenantId, table.fileId),
  ],
)

export type ConversationRow = typeof conversations.$inferSelect
export type ConversationParticipantRow = typeof conversationParticipants.$inferSelect
export type MessageRow = typeof messages.$inferSelect
