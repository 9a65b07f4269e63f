// What can go wrong with the accounts of the back office.
import { defineErrors } from '../../../core/errors.ts'

export const adminErrors = defineErrors({
  'admins.not_found': { kind: 'not_found', message: 'There is no such administrator.' },
  'admins.email_taken': { kind: 'conflict', message: 'An administrator with this e-mail address exists already.' },
  'admins.username_taken': { kind: 'conflict', message: 'Another administrator has this username. Send another one.' },
  'admins.changed_meanwhile': { kind: 'stale', message: 'The account was changed meanwhile. Read it again.' },
  'admins.bootstrap_refused': { kind: 'forbidden', message: 'This is not the bootstrap token of this installation.' },
})
