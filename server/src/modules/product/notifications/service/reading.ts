// Reading notifications: in the reader's language, with the names of what they may know at that moment.
import type { UserActor } from '../../../../core/actor.ts'
import { type Page, pageAt } from '../../../../core/page.ts'
import { notificationErrors } from '../notifications.errors.ts'
import * as queries from '../notifications.queries.ts'
import { type Notification, type NotificationQuery, nameKey, toNotification } from '../notifications.schema.ts'
import { languageOf } from '../words.ts'
import type { NotificationParts } from './parts.ts'

export interface Reading {
  list(actor: UserActor, query: NotificationQuery): Promise<Page<Notification>>
  unreadCount(actor: UserActor): Promise<number>
  get(actor: UserActor, id: string): Promise<Notification>
}

export function createReading({ database, subjects, options }: NotificationParts): Reading {
  /** One question for each kind of subject, asked with the reader's rights. */
  async function namesIn(actor: UserActor, rows: readonly queries.NotificationRow[]): Promise<Map<string, string>> {
    const idsOf = new Map<string, Set<string>>()
    for (const { subjectType, subjectId } of rows) {
      if (subjectType === null || subjectId === null || !Object.hasOwn(subjects, subjectType)) continue
      idsOf.set(subjectType, (idsOf.get(subjectType) ?? new Set()).add(subjectId))
    }
    const named = await Promise.all(
      [...idsOf].map(async ([type, ids]) => {
        const names = await subjects[type]!(actor, [...ids])
        return [...names].map(([id, name]): [string, string] => [nameKey(type, id), name])
      }),
    )
    return new Map(named.flat())
  }

  async function shown(actor: UserActor, rows: readonly queries.NotificationRow[]): Promise<Notification[]> {
    const db = database.tenant(actor.tenantId)
    const [names, locales] = await Promise.all([namesIn(actor, rows), queries.locales(db, actor.userId)])
    const reader = { names, language: languageOf(...locales, options.defaultLocale) }
    return rows.map((row) => toNotification(row, reader))
  }

  return {
    async list(actor, query) {
      const db = database.tenant(actor.tenantId)
      const page = pageAt({ ...query, limit: query.limit ?? 20 }, 'time')
      const [rows, total] = await Promise.all([
        queries.list(db, actor.userId, query, page.place),
        queries.count(db, actor.userId, query),
      ])
      const { data, meta } = page.answer(rows, total, (row) => row)
      return { data: await shown(actor, data), meta }
    },

    unreadCount: (actor) => queries.count(database.tenant(actor.tenantId), actor.userId, { unread: true }),

    async get(actor, id) {
      const row = await queries.find(database.tenant(actor.tenantId), actor.userId, id)
      if (!row) throw notificationErrors('notifications.not_found')
      return (await shown(actor, [row]))[0]!
    },
  }
}
