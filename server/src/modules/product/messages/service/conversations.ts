// Conversations themselves: beginning one, who is in it, what it is called.
import type { UserActor } from '../../../../core/actor.ts'
import { invalidField, requestErrors } from '../../../../core/errors.ts'
import { newId } from '../../../../core/ids.ts'
import { grantFor } from '../../../../core/permission.ts'
import { normalizeName } from '../../../../core/text.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { mustBeMember, mustBeMembers } from '../../../identity/tenants/index.ts'
import * as queries from '../conversations.queries.ts'
import { messageErrors } from '../messages.errors.ts'
import { conversationJoined } from '../messages.events.ts'
import { mayRemove, mustManage } from '../messages.policy.ts'
import type { Conversation, ConversationChanges, NewConversation } from '../messages.schema.ts'
import { openPair } from './pairs.ts'
import { change, MAX_MEMBERS, type MessageParts, read, record } from './parts.ts'

export interface Conversations {
  /** Begins a group, or the private conversation with somebody; answers the one that there is already. */
  create(actor: UserActor, body: NewConversation, facts: RequestFacts): Promise<Conversation>
  update(actor: UserActor, id: string, changes: ConversationChanges, facts: RequestFacts): Promise<Conversation>
  /** Puts members of the tenant into a group; they see what is sent from now on. */
  add(actor: UserActor, id: string, userIds: readonly string[], facts: RequestFacts): Promise<Conversation>
  /** Takes somebody out of a group, or lets the caller leave. */
  removeMember(actor: UserActor, at: { id: string; userId: string }, facts: RequestFacts): Promise<void>
  /** The caller leaves; with the last one the conversation goes. */
  leave(actor: UserActor, id: string, facts: RequestFacts): Promise<void>
}

/** As many ids as a fact holds. */
const TOLD_AT_ONCE = 50

export function createConversations(parts: MessageParts): Conversations {
  const { database, events } = parts

  function tellJoined(tx: Tx, actor: UserActor, aggregateId: string, joined: readonly string[]): void {
    for (let at = 0; at < joined.length; at += TOLD_AT_ONCE) {
      const payload = { userIds: joined.slice(at, at + TOLD_AT_ONCE) }
      events.publish(tx, conversationJoined, { aggregateId, payload, actor })
    }
  }

  const leave: Conversations['leave'] = (actor, id, facts) =>
    change(parts, actor, id, async (tx) => {
      await queries.leave(tx, id, actor.userId)
      const isEmpty = (await queries.countMembers(tx, id)) === 0
      if (isEmpty) await queries.remove(tx, id)
      const changes = { userId: actor.userId, ...(isEmpty && { ended: true }) }
      record(parts, tx, actor, { action: 'conversations.leave', id, changes }, facts)
    })

  return {
    leave,

    create: (actor, { recipientId, memberIds, name: sent, avatar = null }, facts) =>
      database.inTenant(actor.tenantId, async (tx) => {
        if (recipientId !== undefined) await mustBeMember(tx, recipientId, 'recipientId')
        if ((recipientId === undefined) === (memberIds === undefined))
          throw invalidField('memberIds', 'one_of', 'Name either the members of a group or the other person.')
        if (recipientId !== undefined) {
          if (sent !== undefined || avatar !== null)
            throw invalidField(sent === undefined ? 'avatar' : 'name', 'group_only', 'Only groups have this.')
          return read(tx, actor, await openPair(parts, tx, actor, recipientId, facts))
        }
        const people = memberIds!.filter((one) => one !== actor.userId)
        if (people.length === 0) throw invalidField('memberIds', 'oneself', 'A conversation needs somebody else.')
        await mustBeMembers(tx, memberIds!, 'memberIds')
        const [id, name] = [newId(), sent === undefined ? null : normalizeName(sent, 'name')]
        await queries.insert(tx, { id, isGroup: true, name, avatar, pair: null })
        await queries.join(tx, id, [actor.userId], 'owner')
        await queries.join(tx, id, people)
        const changes = { isGroup: true, name, memberIds: people }
        record(parts, tx, actor, { action: 'conversations.create', id, changes }, facts)
        tellJoined(tx, actor, id, people)
        return read(tx, actor, id)
      }),

    update: (actor, id, { name: sent, avatar }, facts) =>
      change(parts, actor, id, async (tx, standing) => {
        mustManage(standing)
        const after = { name: sent === undefined ? undefined : normalizeName(sent, 'name'), avatar }
        const changed = (['name', 'avatar'] as const).filter(
          (key) => after[key] !== undefined && after[key] !== standing[key],
        )
        if (changed.length > 0) {
          await queries.update(tx, id, Object.fromEntries(changed.map((key) => [key, after[key]])))
          const changes = Object.fromEntries(changed.map((key) => [key, [standing[key], after[key]]]))
          record(parts, tx, actor, { action: 'conversations.edit', id, changes }, facts)
        }
        return read(tx, actor, id)
      }),

    add: (actor, id, userIds, facts) =>
      change(parts, actor, id, async (tx, standing) => {
        mustManage(standing)
        await mustBeMembers(tx, userIds, 'userIds')
        const added = await queries.join(tx, id, userIds)
        if ((await queries.countMembers(tx, id)) > MAX_MEMBERS) throw messageErrors('conversations.full')
        if (added.length > 0)
          record(parts, tx, actor, { action: 'conversations.add', id, changes: { userIds: added } }, facts)
        tellJoined(tx, actor, id, added)
        return read(tx, actor, id)
      }),

    removeMember: (actor, { id, userId }, facts) =>
      userId === actor.userId
        ? leave(actor, id, facts)
        : change(parts, actor, id, async (tx, standing) => {
            // The route lets everybody in who sees conversations, so that they can leave theirs.
            if (!grantFor(actor.permissions, 'messages:send'))
              throw requestErrors('access.forbidden', { facts: { permission: 'messages:send' } })
            mustManage(standing)
            const about = await queries.roleIn(tx, id, userId)
            if (!about) throw messageErrors('conversations.member_not_found')
            mayRemove(standing, about.role)
            await queries.leave(tx, id, userId)
            record(parts, tx, actor, { action: 'conversations.remove_member', id, changes: { userId } }, facts)
          }),
  }
}
