// Mails about events: invitations, changes and cancellations with a calendar part, and reminders.
import type { UserActor } from '../../../../core/actor.ts'
import type { Executor, Tx } from '../../../../drivers/database/index.ts'
import { isAddress } from '../../../../drivers/mailer/index.ts'
import * as attendees from '../attendees.queries.ts'
import * as queries from '../calendar.queries.ts'
import { type Invitation, type Invited, invitationOf, type Sheet } from '../ical/calendar.ts'
import { describing } from '../ical/describing.ts'
import type { Wall } from '../recurrence/zones.ts'
import { firstOccurrence, type Occurrence, occurrenceAt } from './occurrences.ts'
import type { CalendarParts } from './parts.ts'
import { clockOf, durationOf } from './schedule.ts'
import { viewersAmong } from './viewers.ts'

export interface Addressees {
  users: readonly string[]
  guests: readonly string[]
}

export interface Occasion {
  template: 'calendar_invitation' | 'calendar_update' | 'calendar_cancellation'
  /** The instance that it is about; null: the event as a whole. */
  wall: Wall | null
  /** Everybody who is invited and did not decline, or these. */
  to: 'everybody' | Addressees
}

export interface Letters {
  /** Writes to those whom it concerns, whoever does it left out; of what is over nobody is told. */
  writeTo(tx: Tx, actor: UserActor, row: queries.EventRow, occasion: Occasion): Promise<void>
  /** Reminds people of an instance. */
  remind(tx: Tx, occurrence: Occurrence, people: readonly attendees.PersonRow[]): Promise<void>
}

/** How many characters the descriptions in one invitation have: what comes after has none. */
const MAX_DESCRIBED = 250_000

interface Reader {
  name: string
  email: string
  locale: string | null
  isGuest: boolean
}

export function createLetters({ mail, roles, options }: Pick<CalendarParts, 'mail' | 'roles' | 'options'>): Letters {
  const domain = options.mailFrom.slice(options.mailFrom.lastIndexOf('@') + 1)

  async function readersOf(db: Executor, row: queries.EventRow, { to }: Occasion, actorId: string): Promise<Reader[]> {
    const all = await attendees.attendeesOf(db, [row.id])
    const guests = await attendees.guestsOf(db, [row.id])
    const wanted =
      to === 'everybody' ? all.filter(({ status }) => status !== 'DECLINED').map(({ userId }) => userId) : to.users
    const wantedGuests = to === 'everybody' ? guests.map(({ email }) => email) : to.guests
    const ids = [...new Set(wanted)].filter((id) => id !== actorId && id !== row.ownerId)
    const people = await viewersAmong({ roles }, db, ids)
    const readers = [
      ...people.map(({ name, email, locale }) => ({ name, email, locale, isGuest: false })),
      ...wantedGuests.map((email) => ({ name: '', email, locale: null, isGuest: true })),
    ]
    // Somebody whom no mail reaches is no reason to refuse a change.
    return readers.filter(({ email }) => isAddress(email))
  }

  async function invitationTo(db: Executor, row: queries.EventRow): Promise<Invitation> {
    const overrides = row.rule === null ? [] : await queries.overridesOf(db, [row.id])
    const [owner] = await attendees.activeMembers(db, [row.ownerId])
    return { row, overrides, organizer: { name: row.ownerName, email: owner?.email ?? options.mailFrom } }
  }

  async function invitedTo(db: Executor, { id }: queries.EventRow): Promise<Invited[]> {
    const members = await attendees.attendeesOf(db, [id])
    const guests = await attendees.guestsOf(db, [id])
    return [...members, ...guests.map(({ email }) => ({ name: '', email, status: 'PENDING' as const }))]
  }

  return {
    async writeTo(tx, actor, row, occasion) {
      if (isOver(row)) return
      const readers = await readersOf(tx, row, occasion, actor.userId)
      if (readers.length === 0) return
      const { template, wall } = occasion
      const method = template === 'calendar_cancellation' ? ('CANCEL' as const) : ('REQUEST' as const)
      const sheet: Sheet = { product: options.product, domain, method, stamp: Date.now() }
      const invitation = await invitationTo(tx, row)
      const invited = await invitedTo(tx, row)
      const { overrides, organizer } = invitation
      const occurrence = (wall === null ? undefined : occurrenceAt(row, overrides, wall)) ?? firstOccurrence(row)
      const contentFor = invitationOf(wall === null ? describing(MAX_DESCRIBED)(invitation) : invitation, wall, sheet)
      for (const { name, email, locale, isGuest } of readers) {
        // Guests do not read who else is invited.
        const seen = isGuest ? invited.filter((one) => one.email === email) : invited
        const content = contentFor(seen, email)
        await mail.send(tx, {
          template,
          to: { address: email, name },
          locale,
          values: { name, inviter: row.ownerName, ...toldOf(occurrence) },
          calendar: { method, content },
          replyTo: organizer.email,
          counted: isGuest && method === 'REQUEST',
        })
      }
    },

    async remind(tx, occurrence, people) {
      for (const { name, email, locale } of people.filter((one) => isAddress(one.email)))
        await mail.send(tx, {
          template: 'calendar_reminder',
          to: { address: email, name },
          locale,
          values: { name, ...toldOf(occurrence) },
        })
    },
  }
}

function isOver(row: queries.EventRow): boolean {
  if (row.rule !== null && row.lastAt === null) return false
  const last = Math.max(row.lastAt?.getTime() ?? 0, row.startAt.getTime())
  return row.rdates.length === 0 && last + durationOf(row) < Date.now()
}

function toldOf({ row, start, end, changes }: Occurrence) {
  const { title, location } = { ...row, ...changes }
  const { zone, allDay } = clockOf(row)
  const days = allDay ? 'days' : 'times'
  const when = `${new Date(start).toISOString()}/${new Date(end).toISOString()}/${days}[${zone}]`
  return { title, when, place: location ?? '' }
}
