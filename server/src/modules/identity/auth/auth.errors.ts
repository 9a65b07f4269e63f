// What can go wrong with signing in and with passwords.
import { defineErrors } from '../../../core/errors.ts'

export const authErrors = defineErrors({
  'auth.wrong_credentials': { kind: 'unauthenticated', message: 'The name or the password is wrong.' },
  'auth.locked': { kind: 'locked', message: 'Too many failed sign-ins. Try again later.' },
  'auth.too_many_attempts': { kind: 'limited', message: 'Too many sign-ins from this address. Try again later.' },
  'auth.email_unverified': { kind: 'forbidden', message: 'Confirm your e-mail address first: the mail has a link.' },
  'auth.no_tenant': { kind: 'forbidden', message: 'This account belongs to no tenant.' },
  'auth.registration_closed': {
    kind: 'forbidden',
    message: 'Registration is closed. Ask an administrator for an account.',
  },
  'auth.link_invalid': { kind: 'malformed', message: 'This link is not valid any more. Ask for a new one.' },
  'auth.wrong_password': { kind: 'invalid', message: 'The current password is wrong.' },
})
