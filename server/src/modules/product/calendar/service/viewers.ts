// Who may be told of events: being invited is not enough where the right to view calendars was taken away.
import { grantFor } from '../../../../core/permission.ts'
import type { Executor } from '../../../../drivers/database/index.ts'
import { activeMembers, type PersonRow } from '../attendees.queries.ts'
import type { CalendarParts } from './parts.ts'

/** Those of some people who belong to the tenant, may work and may view calendars, as of now. */
export async function viewersAmong(
  { roles }: Pick<CalendarParts, 'roles'>,
  db: Executor,
  userIds: readonly string[],
): Promise<PersonRow[]> {
  if (userIds.length === 0) return []
  const people = await activeMembers(db, userIds)
  const held = await roles.permissionsOfEach(
    db,
    people.map(({ id }) => id),
  )
  return people.filter(({ id }) => grantFor(held.get(id) ?? [], 'calendar:view'))
}
