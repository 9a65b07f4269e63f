// What the verbs of this module work with.
import type { UserActor } from '../../../../core/actor.ts'
import type { Database, Executor, Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import type { Audit } from '../../../foundation/audit/index.ts'
import type { Events } from '../../../foundation/events/index.ts'
import type { Access } from '../../access/index.ts'
import * as conversations from '../conversations.queries.ts'
import { messageErrors } from '../messages.errors.ts'
import { type Conversation, toConversation } from '../messages.schema.ts'

export interface MessageParts {
  database: Pick<Database, 'tenant' | 'inTenant'>
  audit: Pick<Audit, 'record'>
  events: Pick<Events, 'decide' | 'publish'>
  access: Pick<Access, 'must' | 'reachable'>
  listeners: readonly OnSent[]
  options: {
    /** How long a message can be edited and deleted, in seconds. */
    changeSeconds: number
  }
}

/** A message that is just being sent. */
export interface SentMessage {
  conversationId: string
  messageId: string
  number: number
}

/** Called in the transaction that sends a message: what it writes is there with it, or not at all. */
export type OnSent = (tx: Tx, actor: UserActor, sent: SentMessage) => Promise<void>

export const MAX_MEMBERS = 250

export interface ConversationDeed {
  action: string
  id: string
  changes: Record<string, unknown>
}

export function record(
  { audit }: Pick<MessageParts, 'audit'>,
  tx: Tx,
  actor: UserActor,
  { action, id, changes }: ConversationDeed,
  facts: RequestFacts,
): void {
  audit.record(tx, actor, { action, targetType: 'conversation', targetId: id, changes }, facts)
}

/** The actor's place in a conversation. Throws where they have none. */
export async function mustBeIn(db: Executor, actor: UserActor, id: string): Promise<conversations.Standing> {
  const found = await conversations.standing(db, id, actor.userId)
  if (!found) throw messageErrors('conversations.not_found')
  return found
}

/** One change of a conversation; whoever else writes into it waits. */
export function change<T>(
  { database }: Pick<MessageParts, 'database'>,
  actor: UserActor,
  id: string,
  work: (tx: Tx, standing: conversations.Standing) => Promise<T>,
): Promise<T> {
  return database.inTenant(actor.tenantId, async (tx) => {
    await conversations.lock(tx, id)
    return work(tx, await mustBeIn(tx, actor, id))
  })
}

/** A conversation with all its members, as it is for the actor. */
export async function read(db: Executor, actor: UserActor, id: string): Promise<Conversation> {
  const row = await conversations.find(db, id, actor.userId, MAX_MEMBERS)
  if (!row) throw messageErrors('conversations.not_found')
  return toConversation(row, actor.userId)
}
