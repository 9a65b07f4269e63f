// Giving away and taking back, the same for every kind of item.
import type { UserActor } from '../../../core/actor.ts'
import { invalidField } from '../../../core/errors.ts'
import { newId } from '../../../core/ids.ts'
import type { Tx } from '../../../drivers/database/index.ts'
import type { Events } from '../../foundation/events/index.ts'
import { teamsAmong } from '../../identity/teams/index.ts'
import { membersAmong } from '../../identity/tenants/index.ts'
import { contentGiven } from './access.events.ts'
import type { Kind } from './access.policy.ts'
import type { EndedShares, NewShare } from './access.schema.ts'
import type { ShareTable, Target } from './shares.queries.ts'

export interface Shared {
  kind: Kind
  id: string
  ownerId: string
}

/** Shares an item with everybody who is named, in the place of what each had; answers what is to be recorded. */
export async function share(
  tx: Tx,
  actor: UserActor,
  table: ShareTable,
  item: Shared,
  { permission = 'READ', expiresAt = null, ...named }: NewShare,
): Promise<Record<string, unknown>> {
  if (expiresAt !== null && Date.parse(expiresAt) <= Date.now())
    throw invalidField('expiresAt', 'past', 'This lies in the past.')
  const targets = targetsOf(named)
  if (!targets.length) throw invalidField('userId', 'missing', 'Name a person or a team to share with.')
  await mustBeKnown(tx, targets)
  // The owner has more than any share gives.
  for (const { target } of targets)
    if (target.userId !== item.ownerId)
      await table.put(tx, {
        id: newId(),
        kind: item.kind,
        itemId: item.id,
        ...target,
        level: permission,
        expiresAt,
        createdById: actor.userId,
      })
  return { with: targets.map(({ target }) => target.userId ?? target.teamId), permission, expiresAt }
}

/** As many ids as a fact holds. */
const TOLD_AT_ONCE = 50

/** Publishes whom an item was shared with. */
export function tellShared(
  events: Pick<Events, 'publish'>,
  tx: Tx,
  actor: UserActor,
  item: Shared,
  named: NewShare,
): void {
  const all = targetsOf(named)
  for (let at = 0; at < all.length; at += TOLD_AT_ONCE) {
    const some = all.slice(at, at + TOLD_AT_ONCE).map(({ target }) => target)
    const userIds = some.flatMap(({ userId }) => userId ?? [])
    const payload = { kind: item.kind, userIds, teamIds: some.flatMap(({ teamId }) => teamId ?? []) }
    events.publish(tx, contentGiven, { aggregateId: item.id, payload, actor })
  }
}

/** Ends shares: those that are named, or all; answers what is to be recorded. Ending what is not there is no fault. */
export async function unshare(
  tx: Tx,
  table: ShareTable,
  item: Pick<Shared, 'kind' | 'id'>,
  named: EndedShares,
): Promise<Record<string, unknown>> {
  const targets = targetsOf(named)
  if (targets.length) await mustBeKnown(tx, targets)
  const all = targets.length === 0
  const only = all ? undefined : targets.map(({ target }) => target)
  const ended = await table.end(tx, item.kind, item.id, only)
  return { with: all ? 'everybody' : targets.map(({ target }) => target.userId ?? target.teamId), ended }
}

interface Named {
  field: string
  target: Target
}

function targetsOf({ userId, teamId, userIds = [], teamIds = [] }: EndedShares): Named[] {
  const user = (id: string, field: string): Named => ({ field, target: { userId: id, teamId: null } })
  const team = (id: string, field: string): Named => ({ field, target: { userId: null, teamId: id } })
  const all = [
    ...(userId === undefined ? [] : [user(userId, 'userId')]),
    ...(teamId === undefined ? [] : [team(teamId, 'teamId')]),
    ...userIds.map((id, at) => user(id, `userIds.${at}`)),
    ...teamIds.map((id, at) => team(id, `teamIds.${at}`)),
  ]
  const seen = new Set<string>()
  return all.filter(({ target }) => {
    const key = `${target.userId}/${target.teamId}`
    return !seen.has(key) && seen.add(key)
  })
}

/** The same refusal for people and teams of others and for none. */
async function mustBeKnown(tx: Tx, targets: readonly Named[]): Promise<void> {
  const userIds = targets.flatMap(({ target }) => target.userId ?? [])
  const teamIds = targets.flatMap(({ target }) => target.teamId ?? [])
  const known = new Set([...(await membersAmong(tx, userIds)), ...(await teamsAmong(tx, teamIds))])
  const unknown = targets.find(({ target }) => !known.has((target.userId ?? target.teamId)!))
  if (unknown)
    throw invalidField(unknown.field, 'not_a_member', 'This is nobody, and no team, that belongs to the tenant.')
}
