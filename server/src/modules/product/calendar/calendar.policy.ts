// Who sees and who changes an event.
import type { UserActor } from '../../../core/actor.ts'
import { grantFor } from '../../../core/permission.ts'
import { calendarErrors } from './calendar.errors.ts'

export const ACCESS = ['OWNER', 'ATTENDEE'] as const
export type Access = (typeof ACCESS)[number]

interface Seen {
  ownerId: string
  /** Whether the actor is invited. */
  invited: boolean
}

/** Whether the actor reaches every event of the tenant as its organizer does. */
export function isManager(actor: UserActor): boolean {
  return grantFor(actor.permissions, 'calendar:manage') !== undefined
}

/** How far an event is open; undefined where it is not. */
export function accessTo(actor: UserActor, { ownerId, invited }: Seen): Access | undefined {
  if (ownerId === actor.userId || isManager(actor)) return 'OWNER'
  return invited ? 'ATTENDEE' : undefined
}

export function mustOrganize(access: Access): void {
  if (access !== 'OWNER') throw calendarErrors('calendar.not_organizer')
}
