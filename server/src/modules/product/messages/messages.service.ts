// Messages: what people write to each other, in private and in groups.
import { grantFor } from '../../../core/permission.ts'
import * as queries from './conversations.queries.ts'
import { messageEvents } from './messages.events.ts'
import { type Conversations, createConversations } from './service/conversations.ts'
import type { MessageParts, OnSent } from './service/parts.ts'
import { createReading, type Reading } from './service/reading.ts'
import { createSending, type Sending } from './service/sending.ts'

export interface Messages extends Reading, Sending, Conversations {
  /** Has something done with each message in the transaction that sends it; when the module is made. */
  onSent(listener: OnSent): void
}

export function createMessages(given: Omit<MessageParts, 'listeners'>): Messages {
  const listeners: OnSent[] = []
  const parts: MessageParts = { ...given, listeners }
  for (const { name } of messageEvents)
    parts.events.decide(name, async (actor, { aggregateId, payload }) => {
      if (!grantFor(actor.permissions, 'messages:view')) return false
      const { messageId, number } = payload as { messageId?: string; number?: number }
      const of = messageId === undefined ? undefined : number
      return queries.hears(parts.database.tenant(actor.tenantId), aggregateId, actor.userId, of)
    })
  return {
    ...createReading(parts),
    ...createSending(parts),
    ...createConversations(parts),
    onSent: (one) => void listeners.push(one),
  }
}
