// What can go wrong with teams.
import { defineErrors } from '../../../core/errors.ts'

export const teamErrors = defineErrors({
  'teams.not_found': { kind: 'not_found', message: 'There is no such team.' },
  'teams.member_not_found': { kind: 'not_found', message: 'This person is not in the team.' },
  'teams.owner_only': { kind: 'forbidden', message: 'Only the owner of the team may do this.' },
  'teams.managers_only': {
    kind: 'forbidden',
    message: 'Only the owner and the administrators of the team may do this.',
  },
  'teams.owner_stays': {
    kind: 'conflict',
    message: 'The owner of a team stays in it. Give the team to somebody else first.',
  },
  'teams.full': { kind: 'conflict', message: 'A team has 1,000 members at most.' },
  'teams.changed_meanwhile': { kind: 'stale', message: 'The team was changed by somebody else. Read it again.' },
})
