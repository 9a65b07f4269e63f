// Who is invited, and what they answer.
import type { UserActor } from '../../../../core/actor.ts'
import { invalidField } from '../../../../core/errors.ts'
import type { Executor, Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { isAddress } from '../../../../drivers/mailer/index.ts'
import { mustBeMember, mustBeMembers } from '../../../identity/tenants/index.ts'
import * as attendees from '../attendees.queries.ts'
import { calendarErrors } from '../calendar.errors.ts'
import { CalendarAnswered, CalendarCancelled, CalendarInvited } from '../calendar.events.ts'
import { mustOrganize } from '../calendar.policy.ts'
import * as queries from '../calendar.queries.ts'
import type { CalendarEvent, Invitees, Status } from '../calendar.schema.ts'
import type { Letters } from './letters.ts'
import { firstOccurrence } from './occurrences.ts'
import { type CalendarParts, mustFind, readEvent, record, type Standing, tell, timeOf } from './parts.ts'
import { viewersAmong } from './viewers.ts'

export interface Inviting {
  add(actor: UserActor, id: string, body: Invitees, facts: RequestFacts): Promise<CalendarEvent>
  /** Takes somebody off the list, or lets the caller leave it. */
  drop(actor: UserActor, at: { id: string; attendeeId: string }, facts: RequestFacts): Promise<void>
  /** The caller's own answer, for the whole series. */
  answer(actor: UserActor, id: string, status: Status, facts: RequestFacts): Promise<CalendarEvent>
  /** Makes these the invited ones and no others; what is left out stays. */
  setInvited(tx: Tx, actor: UserActor, row: queries.EventRow, wanted: Invitees, isNew: boolean): Promise<void>
  /** Whom a change concerns: whoever organizes the event and whoever is invited and did not decline, as far as they may view it. */
  concerned(db: Executor, row: queries.EventRow): Promise<string[]>
}

const [MAX_ATTENDEES, MAX_GUESTS] = [100, 50]

export function createInviting(parts: CalendarParts, letters: Pick<Letters, 'writeTo'>): Inviting {
  const { database } = parts

  async function invite(
    tx: Tx,
    actor: UserActor,
    row: queries.EventRow,
    { userIds, guests }: { userIds: readonly string[]; guests: readonly string[] },
  ): Promise<{ users: string[]; guests: string[] }> {
    await mustBeMembers(tx, userIds, 'attendeeIds')
    // Whoever organizes an event is there anyway.
    const users = await attendees.invite(
      tx,
      row.id,
      userIds.filter((id) => id !== row.ownerId),
    )
    const addresses = guests.map((one) => one.toLowerCase())
    const odd = addresses.findIndex((one) => !isAddress(one))
    if (odd >= 0) throw invalidField(`guests.${odd}`, 'format', 'This is not one e-mail address.')
    const added = await attendees.inviteGuests(tx, row.id, addresses)
    const [all, allGuests] = [await attendees.attendeesOf(tx, [row.id]), await attendees.guestsOf(tx, [row.id])]
    if (all.length > MAX_ATTENDEES || allGuests.length > MAX_GUESTS)
      throw calendarErrors('calendar.too_many', {
        message: `An event has at most ${MAX_ATTENDEES} members and ${MAX_GUESTS} guests.`,
      })
    if (users.length)
      tell(parts, tx, actor, CalendarInvited, { row, userIds: users, more: timeOf(firstOccurrence(row)) })
    await letters.writeTo(tx, actor, row, { template: 'calendar_invitation', wall: null, to: { users, guests: added } })
    return { users, guests: added }
  }

  async function uninvite(tx: Tx, actor: UserActor, row: queries.EventRow, users: string[], guests: string[]) {
    if (!users.length && !guests.length) return
    await letters.writeTo(tx, actor, row, { template: 'calendar_cancellation', wall: null, to: { users, guests } })
    await attendees.uninvite(tx, row.id, users)
    await attendees.uninviteGuests(tx, row.id, guests)
    if (users.length)
      tell(parts, tx, actor, CalendarCancelled, { row, userIds: users, more: timeOf(firstOccurrence(row)) })
  }

  async function claim(tx: Tx, actor: UserActor, id: string): Promise<Standing> {
    const { eventId } = await mustFind(tx, actor, id)
    await queries.lock(tx, eventId)
    return mustFind(tx, actor, id)
  }

  const touch = (tx: Tx, id: string) => queries.update(tx, id, {}, { moved: false })

  return {
    add: (actor, id, { userId, attendeeIds = [], guests = [] }, facts) =>
      database.inTenant(actor.tenantId, async (tx) => {
        const { row, access, eventId } = await claim(tx, actor, id)
        mustOrganize(access)
        const userIds = [...new Set([...attendeeIds, ...(userId === undefined ? [] : [userId])])]
        if (!userIds.length && !guests.length) throw invalidField('attendeeIds', 'missing', 'Name somebody to invite.')
        if (userId !== undefined) await mustBeMember(tx, userId, 'userId')
        const changes = await invite(tx, actor, row, { userIds, guests })
        await touch(tx, eventId)
        record(parts, tx, actor, { action: 'calendar.invite', id: eventId, changes }, facts)
        return readEvent(tx, actor, id)
      }),

    drop: (actor, { id, attendeeId }, facts) =>
      database.inTenant(actor.tenantId, async (tx) => {
        const { row, access, eventId } = await claim(tx, actor, id)
        if (attendeeId !== actor.userId) mustOrganize(access)
        const isGuest = attendeeId.includes('@')
        const [users, guests] = isGuest ? [[], [attendeeId.toLowerCase()]] : [[attendeeId], []]
        const isThere = isGuest
          ? (await attendees.guestsOf(tx, [eventId])).some(({ email }) => email === guests[0])
          : (await attendees.attendeesOf(tx, [eventId])).some(({ userId }) => userId === attendeeId)
        if (!isThere) throw calendarErrors('calendar.attendee_not_found')
        await uninvite(tx, actor, row, users, guests)
        await touch(tx, eventId)
        record(parts, tx, actor, { action: 'calendar.uninvite', id: eventId, changes: { users, guests } }, facts)
      }),

    answer: (actor, id, status, facts) =>
      database.inTenant(actor.tenantId, async (tx) => {
        const { row, eventId } = await claim(tx, actor, id)
        const before = (await attendees.attendeesOf(tx, [eventId])).find(({ userId }) => userId === actor.userId)
        if (!before || !(await attendees.answer(tx, { eventId, userId: actor.userId, status })))
          throw calendarErrors('calendar.attendee_not_found')
        await touch(tx, eventId)
        const userIds = [actor.userId]
        const { ownerId } = row
        parts.events.publish(tx, CalendarAnswered, {
          aggregateId: eventId,
          payload: { ownerId, userIds, status },
          actor,
        })
        const changes = { status: [before.status, status] }
        record(parts, tx, actor, { action: 'calendar.answer', id: eventId, changes }, facts)
        return readEvent(tx, actor, id)
      }),

    async setInvited(tx, actor, row, { attendeeIds, guests }, isNew) {
      const now = isNew ? [] : (await attendees.attendeesOf(tx, [row.id])).map(({ userId }) => userId)
      const guestsNow = isNew ? [] : (await attendees.guestsOf(tx, [row.id])).map(({ email }) => email)
      const wantedGuests = guests?.map((one) => one.toLowerCase())
      const goneUsers = attendeeIds ? now.filter((id) => !attendeeIds.includes(id)) : []
      const goneGuests = wantedGuests ? guestsNow.filter((one) => !wantedGuests.includes(one)) : []
      await uninvite(tx, actor, row, goneUsers, goneGuests)
      await invite(tx, actor, row, { userIds: attendeeIds ?? [], guests: wantedGuests ?? [] })
    },

    async concerned(db, row) {
      const invited = await attendees.attendeesOf(db, [row.id])
      const ids = [row.ownerId, ...invited.filter(({ status }) => status !== 'DECLINED').map(({ userId }) => userId)]
      return (await viewersAmong(parts, db, ids)).map(({ id }) => id)
    },
  }
}
