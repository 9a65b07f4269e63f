// What can go wrong with signing in and with passwords.
import { defineErrors } from '../../../core/errors.ts'

export const authErrors = defineErrors({
  'auth.wrong_credentials': { kind: 'unauthenticated', message: 'The name or the password is wrong.' },
  'auth.mfa_token_invalid': {
    kind: 'unauthenticated',
    message: 'This sign-in has taken too long or is finished. Begin again with the password.',
  },
  'auth.wrong_code': { kind: 'unauthenticated', message: 'The code is wrong, or was used already.' },
  'auth.email_unverified': { kind: 'forbidden', message: 'Confirm your e-mail address first: the mail has a link.' },
  'auth.no_tenant': { kind: 'forbidden', message: 'This account belongs to no tenant.' },
  'auth.registration_closed': {
    kind: 'forbidden',
    message: 'Registration is closed. Ask an administrator for an account.',
  },
  'auth.link_invalid': { kind: 'malformed', message: 'This link is not valid any more. Ask for a new one.' },
})
