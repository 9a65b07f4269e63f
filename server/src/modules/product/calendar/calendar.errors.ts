// What can go wrong in a calendar. An event that one has no part in is one that is not there.
import { defineErrors } from '../../../core/errors.ts'

export const calendarErrors = defineErrors({
  'calendar.not_found': { kind: 'not_found', message: 'There is no such event.' },
  'calendar.not_organizer': { kind: 'forbidden', message: 'Only whoever organizes an event changes it.' },
  'calendar.changed_meanwhile': { kind: 'stale', message: 'The event was changed meanwhile. Read it again.' },
  'calendar.attendee_not_found': { kind: 'not_found', message: 'Nobody of that name is invited to this event.' },
  'calendar.range_too_full': {
    kind: 'invalid',
    message: 'More takes place in this time than one answer holds. Ask for a shorter one.',
  },
  'calendar.too_many': { kind: 'invalid', message: 'An event has no room for so many.' },
  'calendar.feed_not_found': { kind: 'not_found', message: 'There is no such calendar feed.' },
})
