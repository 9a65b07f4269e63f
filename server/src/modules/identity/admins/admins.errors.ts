// What can go wrong with the accounts of the back office.
import { defineErrors } from '../../../core/errors.ts'

export const adminErrors = defineErrors({
  'admins.not_found': { kind: 'not_found', message: 'There is no such administrator.' },
  'admins.email_taken': { kind: 'conflict', message: 'An administrator with this e-mail address exists already.' },
  'admins.username_taken': { kind: 'conflict', message: 'Another administrator has this username. Send another one.' },
  'admins.changed_meanwhile': { kind: 'stale', message: 'The account was changed meanwhile. Read it again.' },
  'admins.self': {
    kind: 'conflict',
    message: 'Nobody suspends or deletes their own account. Ask another administrator.',
  },
  'admins.person_not_found': { kind: 'not_found', message: 'There is no such user.' },
  'admins.person_not_active': { kind: 'conflict', message: 'This account is not active.' },
  'admins.no_member': { kind: 'conflict', message: 'This person is not a member of that tenant, or of any.' },
  'admins.not_impersonable': { kind: 'forbidden', message: 'Nobody acts in the name of an administrator.' },
  'admins.impersonation_not_found': { kind: 'not_found', message: 'There is no such impersonation, or it has ended.' },
  'admins.bootstrap_refused': { kind: 'forbidden', message: 'This is not the bootstrap token of this installation.' },
})
