// Reading: one's conversations, what was said in them, and what of it is still unread.
import type { UserActor } from '../../../../core/actor.ts'
import { decodeCursor, encodeCursor, type Page, pageAt, pageOf, unknownCursor } from '../../../../core/page.ts'
import { grantFor } from '../../../../core/permission.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import * as conversations from '../conversations.queries.ts'
import { messageErrors } from '../messages.errors.ts'
import * as queries from '../messages.queries.ts'
import {
  type Conversation,
  type ConversationQuery,
  type MarkedRead,
  type MessageQuery,
  type Messages,
  type ReadUpTo,
  toConversation,
  type UnreadCount,
} from '../messages.schema.ts'
import { withFiles } from './attachments.ts'
import { change, type MessageParts, mustBeIn, read, record } from './parts.ts'

export interface Reading {
  list(actor: UserActor, query: ConversationQuery): Promise<Page<Conversation>>
  /** A page of messages with the conversation that they stand in: the newest, or from a cursor on in either direction. */
  messages(actor: UserActor, id: string, query: MessageQuery): Promise<Messages>
  unread(actor: UserActor): Promise<UnreadCount>
  /** Marks messages as read; never takes back what was read already. */
  markRead(actor: UserActor, id: string, upTo: ReadUpTo, facts: RequestFacts): Promise<MarkedRead>
  /** The names of those groups that the actor is in. */
  namesOf(actor: UserActor, ids: readonly string[]): Promise<Map<string, string>>
}

export function createReading(parts: MessageParts): Reading {
  const { database } = parts
  return {
    async list(actor, query) {
      const db = database.tenant(actor.tenantId)
      const page = pageAt(query, 'time')
      const [rows, total] = await Promise.all([
        conversations.list(db, actor.userId, query.search, page.place),
        conversations.count(db, actor.userId, query.search),
      ])
      return page.answer(rows, total, (row) => toConversation(row, actor.userId))
    },

    async messages(actor, id, { limit = 50, cursor }) {
      const db = database.tenant(actor.tenantId)
      const standing = await mustBeIn(db, actor, id)
      const [rows, total, conversation] = await Promise.all([
        queries.page(db, standing, { ...(cursor && rangeOf(cursor)), limit }),
        queries.count(db, standing),
        read(db, actor, id),
      ])
      const [oldest, newest] = [rows.at(0), rows.at(-1)]
      return {
        conversation,
        data: await withFiles(parts, db, actor, rows, { ...standing, userId: actor.userId }),
        meta: {
          ...pageOf([], total, { page: 1, limit }).meta,
          ...(oldest && oldest.number > standing.fromNumber + 1 && { nextCursor: cursorOf('before', oldest.number) }),
          ...(newest ? { previousCursor: cursorOf('after', newest.number) } : cursor && { previousCursor: cursor }),
        },
      }
    },

    unread: (actor) => conversations.unread(database.tenant(actor.tenantId), actor.userId),

    markRead: (actor, id, { messageId }, facts) =>
      change(parts, actor, id, async (tx, standing) => {
        const upTo = messageId === undefined ? undefined : await queries.find(tx, standing, messageId)
        if (messageId !== undefined && !upTo) throw messageErrors('messages.not_found')
        const number = Math.max(upTo?.number ?? standing.lastNumber, standing.readNumber)
        const message = 'What there was is read.'
        if (number === standing.readNumber) return { message, id, unreadCount: standing.unread }
        const unreadCount = await queries.markRead(tx, id, actor.userId, number)
        record(parts, tx, actor, { action: 'messages.read', id, changes: { number } }, facts)
        return { message, id, unreadCount }
      }),

    async namesOf(actor, ids) {
      if (!grantFor(actor.permissions, 'messages:view')) return new Map()
      const rows = await conversations.names(database.tenant(actor.tenantId), ids, actor.userId)
      return new Map(rows.map(({ id, name }) => [id, name]))
    },
  }
}

type Direction = 'before' | 'after'

function cursorOf(direction: Direction, number: number): string {
  return encodeCursor([direction, number])
}

function rangeOf(cursor: string): { before: number } | { after: number } {
  const [direction, number] = decodeCursor(cursor, ['string', 'number'])
  // Beyond what a column of numbers holds there is nothing either.
  const known = (direction === 'before' || direction === 'after') && number >= 0 && number <= 2_147_483_647
  if (!known) throw unknownCursor('This is not a cursor that this list gave.')
  return direction === 'before' ? { before: number } : { after: number }
}
