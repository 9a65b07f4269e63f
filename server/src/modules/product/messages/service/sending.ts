// Sending, editing and deleting messages.
import type { UserActor } from '../../../../core/actor.ts'
import { invalidField } from '../../../../core/errors.ts'
import { createGates } from '../../../../core/gate.ts'
import { newId } from '../../../../core/ids.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { mustBeMember } from '../../../identity/tenants/index.ts'
import * as attachments from '../attachments.queries.ts'
import type { Standing } from '../conversations.queries.ts'
import { messageErrors } from '../messages.errors.ts'
import * as queries from '../messages.queries.ts'
import type { ChatMessage, NewMessage } from '../messages.schema.ts'
import { attachFiles, withFiles } from './attachments.ts'
import { openPair, reopenPair } from './pairs.ts'
import { change, type MessageParts, mustBeIn, record } from './parts.ts'

export interface Sending {
  /** Sends into a conversation, or to a person: their private conversation begins where there is none. */
  send(actor: UserActor, message: NewMessage, facts: RequestFacts): Promise<ChatMessage>
  edit(actor: UserActor, at: MessageAt, content: string, facts: RequestFacts): Promise<ChatMessage>
  /** Empties the message; its number stays, and what answers it too. */
  remove(actor: UserActor, at: MessageAt, facts: RequestFacts): Promise<void>
}

export interface MessageAt {
  id: string
  messageId: string
}

/** Of the writers into one conversation: one holds the lock of its row, and the other is there when it is free. */
const AT_ONCE = 2

export function createSending(parts: MessageParts): Sending {
  const { database, options } = parts
  const inTurn = createGates(AT_ONCE)

  async function answer(tx: Tx, actor: UserActor, id: string, messageId: string): Promise<ChatMessage> {
    const standing = await mustBeIn(tx, actor, id)
    const row = (await queries.find(tx, standing, messageId))!
    return (await withFiles(parts, tx, actor, [row], { ...standing, userId: actor.userId }))[0]!
  }

  async function add(tx: Tx, actor: UserActor, standing: Standing, sent: Sent, facts: RequestFacts) {
    const { content, type = 'text', replyToId = null, attachmentIds = [] } = sent
    if (replyToId !== null && !(await queries.find(tx, standing, replyToId)))
      throw invalidField('replyToId', 'unknown', 'There is no such message in this conversation.')
    if (!standing.isGroup) await reopenPair(tx, standing)
    const [messageId, conversationId] = [newId(), standing.id]
    const row = { id: messageId, conversationId, senderId: actor.userId, type, content, replyToId }
    const number = await queries.insert(tx, row)
    await attachFiles(parts, tx, actor, messageId, attachmentIds)
    const changes = { messageId, number, type, length: content.length }
    record(parts, tx, actor, { action: 'messages.send', id: conversationId, changes }, facts)
    for (const listener of parts.listeners) await listener(tx, actor, { conversationId, messageId, number })
    return answer(tx, actor, conversationId, messageId)
  }

  /** The actor's own message, young enough, in a conversation that they are still in. */
  function changeOwn<T>(actor: UserActor, at: MessageAt, work: (tx: Tx, row: queries.MessageRow) => Promise<T>) {
    return change(parts, actor, at.id, async (tx, standing) => {
      const row = await queries.find(tx, standing, at.messageId)
      if (!row) throw messageErrors('messages.not_found')
      if (row.senderId !== actor.userId) throw messageErrors('messages.sender_only')
      if (row.deletedAt !== null) throw messageErrors('messages.deleted')
      if (!(await queries.isYoung(tx, row.id, options.changeSeconds))) throw messageErrors('messages.too_late')
      return work(tx, row)
    })
  }

  return {
    async send(actor, { conversationId, recipientId, ...rest }, facts) {
      if ((conversationId === undefined) === (recipientId === undefined)) {
        // What is named must be there, whatever else is wrong.
        const db = database.tenant(actor.tenantId)
        if (recipientId !== undefined) await mustBeMember(db, recipientId, 'recipientId')
        if (conversationId !== undefined) await mustBeIn(db, actor, conversationId)
        throw invalidField('conversationId', 'one_of', 'Name either a conversation or a recipient.')
      }
      const sent = { ...rest, content: contentOf(rest.content) }
      if (conversationId === undefined)
        return database.inTenant(actor.tenantId, async (tx) => {
          const id = await openPair(parts, tx, actor, recipientId!, facts)
          return add(tx, actor, await mustBeIn(tx, actor, id), sent, facts)
        })
      return inTurn(`${actor.tenantId} ${conversationId}`, () =>
        change(parts, actor, conversationId, (tx, standing) => add(tx, actor, standing, sent, facts)),
      )
    },

    edit: (actor, at, sent, facts) =>
      changeOwn(actor, at, async (tx, { id, number }) => {
        const content = contentOf(sent)
        await queries.edit(tx, id, content)
        const changes = { messageId: id, number, length: content.length }
        record(parts, tx, actor, { action: 'messages.edit', id: at.id, changes }, facts)
        return answer(tx, actor, at.id, id)
      }),

    remove: (actor, at, facts) =>
      changeOwn(actor, at, async (tx, row) => {
        await queries.empty(tx, row)
        await attachments.detach(tx, row.id)
        const changes = { messageId: row.id, number: row.number }
        record(parts, tx, actor, { action: 'messages.delete', id: at.id, changes }, facts)
      }),
  }
}

type Sent = Omit<NewMessage, 'conversationId' | 'recipientId'>

/** A text as it is kept. Throws when nothing of it can be seen. */
function contentOf(sent: string): string {
  const content = sent.normalize('NFC').trim()
  if (!content) throw invalidField('content', 'blank', 'A message says something.')
  return content
}
