// What can go wrong with accounts.
import { defineErrors } from '../../../core/errors.ts'

export const userErrors = defineErrors({
  'users.not_found': { kind: 'not_found', message: 'There is no such user.' },
  'users.email_taken': { kind: 'conflict', message: 'An account with this e-mail address exists already.' },
  'users.username_taken': { kind: 'conflict', message: 'This username is taken.' },
  'users.phone_taken': { kind: 'conflict', message: 'An account with this phone number exists already.' },
  'users.self': { kind: 'conflict', message: 'You cannot do this to your own account.' },
  'users.beyond_own': {
    kind: 'forbidden',
    message: 'This account holds more permissions than you do, or a higher level.',
  },
  'users.managed_elsewhere': {
    kind: 'forbidden',
    message: 'This account is administered in another tenant; here only its roles can change.',
  },
  'users.belongs_elsewhere': {
    kind: 'forbidden',
    message: 'This person belongs to other tenants too, so that only they set their password and address.',
  },
  'users.changed_meanwhile': { kind: 'stale', message: 'The user was changed by somebody else. Read it again.' },
  'users.avatar_invalid': { kind: 'invalid', message: 'This is not a JPEG, PNG or WebP image that can be used.' },
})
