// A person's calendar as iCalendar, under a secret address that they may renew and end.
import { Readable } from 'node:stream'
import type { UserActor } from '../../../../core/actor.ts'
import { hashOfSecret, newSecret } from '../../../../core/ids.ts'
import { grantFor } from '../../../../core/permission.ts'
import { Download, matches, missingPermission, type RequestFacts } from '../../../../drivers/http/index.ts'
import * as attendees from '../attendees.queries.ts'
import { calendarErrors } from '../calendar.errors.ts'
import * as queries from '../calendar.queries.ts'
import type { Feed, NewFeed } from '../calendar.schema.ts'
import * as feeds from '../feeds.queries.ts'
import { feedContent } from './feeding.ts'
import type { CalendarParts } from './parts.ts'
import { DAY_MS } from './schedule.ts'

export interface Feeds {
  feedOf(actor: UserActor): Promise<Feed>
  /** A new address; the old one is dead. */
  makeFeed(actor: UserActor, facts: RequestFacts): Promise<NewFeed>
  revokeFeed(actor: UserActor, facts: RequestFacts): Promise<void>
  /** What stands under a secret address. Throws `calendar.feed_not_found` for whatever reason there is nothing. */
  readFeed(token: string, ifNoneMatch: string | undefined): Promise<Download>
}

/** What is over for longer is in no feed. */
const PAST_MS = 366 * DAY_MS
const MAX_EVENTS = 5_000
const FOREVER = Date.UTC(2200, 0)

export function createFeeds(parts: CalendarParts): Feeds {
  const { database, audit, memberOf, options } = parts
  const domain = options.mailFrom.slice(options.mailFrom.lastIndexOf('@') + 1)

  function mayHave(actor: UserActor): void {
    if (!grantFor(actor.permissions, 'calendar:view')) throw missingPermission('calendar:view', actor)
  }

  return {
    async feedOf(actor) {
      mayHave(actor)
      const feed = await feeds.findFeed(database.tenant(actor.tenantId), actor.userId)
      return {
        exists: feed !== undefined,
        createdAt: feed?.createdAt.toISOString() ?? null,
        readAt: feed?.readAt?.toISOString() ?? null,
      }
    },

    async makeFeed(actor, facts) {
      mayHave(actor)
      const secret = newSecret()
      return database.inTenant(actor.tenantId, async (tx) => {
        const { createdAt } = await feeds.putFeed(tx, actor.userId, hashOfSecret(secret))
        const deed = { action: 'calendar.feed_make', targetType: 'user', targetId: actor.userId }
        audit.record(tx, actor, deed, facts)
        // The tenant stands before the secret: a feed is looked for in one tenant only.
        const url = `${options.publicUrl}/api/v1/calendar/feed.ics?token=${actor.tenantId}.${secret}`
        return { url, createdAt: createdAt.toISOString() }
      })
    },

    async revokeFeed(actor, facts) {
      await database.inTenant(actor.tenantId, async (tx) => {
        if ((await feeds.removeFeed(tx, actor.userId)) === 0) throw calendarErrors('calendar.feed_not_found')
        const deed = { action: 'calendar.feed_revoke', targetType: 'user', targetId: actor.userId }
        audit.record(tx, actor, deed, facts)
      })
    },

    async readFeed(token, ifNoneMatch) {
      const [, tenantId, secret] = /^([\w-]{1,64})\.([\w-]{43})$/.exec(token) ?? []
      if (tenantId === undefined || secret === undefined) throw calendarErrors('calendar.feed_not_found')
      const db = database.tenant(tenantId)
      const feed = await feeds.readFeed(db, hashOfSecret(secret))
      // It ends with the tenant as well, and with the account.
      const member = feed && (await memberOf(feed.userId, tenantId))
      if (!member || !grantFor(member.permissions, 'calendar:view')) throw calendarErrors('calendar.feed_not_found')
      const [person] = await attendees.activeMembers(db, [member.userId])
      if (!person) throw calendarErrors('calendar.feed_not_found')
      const window = { userId: person.id, from: Date.now() - PAST_MS, to: FOREVER }
      const rows = await queries.listWithin(db, window, MAX_EVENTS)
      const sorted = rows.sort((a, b) => (a.id < b.id ? -1 : 1))
      const sheet = { product: options.product, domain, name: `${options.product} ${person.name}` }
      const { pieces, etag } = await feedContent(sorted, (ids) => queries.overridesOf(db, ids), sheet)
      // Asked again each time: what the secret opens may have ended.
      const headers = {
        etag,
        'content-type': 'text/calendar; charset=utf-8',
        'content-disposition': 'inline; filename="calendar.ics"',
      }
      if (matches(ifNoneMatch, etag)) return new Download(304, { etag }, undefined)
      return new Download(200, headers, async () => Readable.from(pieces))
    },
  }
}
