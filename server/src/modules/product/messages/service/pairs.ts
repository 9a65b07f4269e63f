// Private conversations: one for each pair of people, however many begin it at once.
import type { UserActor } from '../../../../core/actor.ts'
import { invalidField } from '../../../../core/errors.ts'
import { newId } from '../../../../core/ids.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { membersAmong, mustBeMember } from '../../../identity/tenants/index.ts'
import * as queries from '../conversations.queries.ts'
import { messageErrors } from '../messages.errors.ts'
import { type MessageParts, record } from './parts.ts'

const pairOf = (one: string, other: string) => [one, other].sort()

/**
 * The conversation of the actor and the recipient: the one that there is, one that another back end began, or a new one. It
 * is locked, and both are in it, also where one of them had left.
 */
export async function openPair(
  parts: Pick<MessageParts, 'audit'>,
  tx: Tx,
  actor: UserActor,
  recipientId: string,
  facts: RequestFacts,
): Promise<string> {
  if (recipientId === actor.userId) throw invalidField('recipientId', 'oneself', 'A conversation needs somebody else.')
  await mustBeMember(tx, recipientId, 'recipientId')
  const people = pairOf(actor.userId, recipientId)
  const pair = people.join(' ')
  await queries.lockPair(tx, pair)
  const known = (await queries.findPair(tx, pair)) ?? (await queries.adoptPair(tx, pair, people))
  const id = known ?? newId()
  if (known === undefined) {
    await queries.insert(tx, { id, isGroup: false, name: null, avatar: null, pair })
    record(parts, tx, actor, { action: 'conversations.create', id, changes: { isGroup: false, recipientId } }, facts)
  }
  await queries.lock(tx, id)
  await queries.join(tx, id, people)
  return id
}

/** Brings whoever left a private conversation back into it: somebody writes to them. Throws where they left the tenant. */
export async function reopenPair(tx: Tx, { id, pair }: queries.Standing): Promise<void> {
  if (pair === null) return
  const people = pair.split(' ')
  if ((await membersAmong(tx, people)).size < people.length) throw messageErrors('messages.nobody_there')
  await queries.join(tx, id, people)
}
