// Marking notifications as read and unread, deleting them, and saying what one wants to hear of.
import type { UserActor } from '../../../../core/actor.ts'
import { invalidField } from '../../../../core/errors.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { notificationErrors } from '../notifications.errors.ts'
import * as queries from '../notifications.queries.ts'
import type { Marks, Notification, PreferenceChanges, Preferences } from '../notifications.schema.ts'
import { type Kind, USUAL, WITHOUT_MAIL } from '../rules.ts'
import type { NotificationParts } from './parts.ts'
import type { Reading } from './reading.ts'

export interface Changing {
  /** Marks one as read or unread. */
  mark(actor: UserActor, id: string, read: boolean, facts: RequestFacts): Promise<Notification>
  /** Marks many; answers how many are otherwise than before. Ids that name nothing of the actor's are left out. */
  markMany(actor: UserActor, marks: Marks, facts: RequestFacts): Promise<number>
  markAll(actor: UserActor, facts: RequestFacts): Promise<number>
  remove(actor: UserActor, id: string, facts: RequestFacts): Promise<void>
  removeAll(actor: UserActor, facts: RequestFacts): Promise<number>
  preferences(actor: UserActor): Promise<Preferences>
  prefer(actor: UserActor, changes: PreferenceChanges, facts: RequestFacts): Promise<Preferences>
}

export function createChanging({ database, audit }: NotificationParts, { get }: Reading): Changing {
  /** One change of the actor's notifications, recorded where it changed any. */
  function change(actor: UserActor, action: string, facts: RequestFacts, work: (tx: Tx) => Promise<number>) {
    return database.inTenant(actor.tenantId, async (tx) => {
      const count = await work(tx)
      const deed = { action, targetType: 'user', targetId: actor.userId, changes: { count } }
      if (count > 0) audit.record(tx, actor, deed, facts)
      return count
    })
  }

  function markMany(actor: UserActor, { ids, read = true }: Marks, facts: RequestFacts): Promise<number> {
    const verb = read ? queries.markRead : queries.markUnread
    return change(actor, 'notifications.mark', facts, (tx) => verb(tx, actor.userId, ids))
  }

  async function preferencesOf(db: Tx | ReturnType<typeof database.tenant>, userId: string): Promise<Preferences> {
    const said = await queries.preferences(db, userId)
    return { ...USUAL, ...Object.fromEntries(said.map(({ kind, channel }) => [kind, channel])) }
  }

  return {
    async mark(actor, id, read, facts) {
      await get(actor, id)
      await markMany(actor, { ids: [id], read }, facts)
      return get(actor, id)
    },

    markMany,
    markAll: (actor, facts) => change(actor, 'notifications.mark', facts, (tx) => queries.markRead(tx, actor.userId)),

    async remove(actor, id, facts) {
      const gone = await change(actor, 'notifications.delete', facts, (tx) => queries.remove(tx, actor.userId, [id]))
      if (gone === 0) throw notificationErrors('notifications.not_found')
    },

    removeAll: (actor, facts) => change(actor, 'notifications.delete', facts, (tx) => queries.remove(tx, actor.userId)),

    preferences: (actor) => preferencesOf(database.tenant(actor.tenantId), actor.userId),

    prefer: (actor, changes, facts) =>
      database.inTenant(actor.tenantId, async (tx) => {
        const before = await preferencesOf(tx, actor.userId)
        const changed = (Object.keys(changes) as Kind[]).filter((kind) => changes[kind] !== before[kind])
        for (const kind of changed) {
          const channel = changes[kind]!
          if (WITHOUT_MAIL.has(kind) && (channel === 'mail' || channel === 'both'))
            throw invalidField(kind, 'mailed_anyway', 'Of these a mail is sent in any case.')
          await queries.prefer(tx, actor.userId, kind, channel)
        }
        const told = Object.fromEntries(changed.map((kind) => [kind, [before[kind], changes[kind]]]))
        const deed = { action: 'notifications.prefer', targetType: 'user', targetId: actor.userId, changes: told }
        if (changed.length > 0) audit.record(tx, actor, deed, facts)
        return preferencesOf(tx, actor.userId)
      }),
  }
}
