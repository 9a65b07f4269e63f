// Conversations, who takes part in them, and their messages. What is read lies with the participant.
import { boolean, index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { cascade, idOf, tenantId, utc, utcNow } from '../../../drivers/database/columns.ts'

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
  },
  (table) => [
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
  },
  (table) => [
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

export type ConversationRow = typeof conversations.$inferSelect
export type ConversationParticipantRow = typeof conversationParticipants.$inferSelect
export type MessageRow = typeof messages.$inferSelect
