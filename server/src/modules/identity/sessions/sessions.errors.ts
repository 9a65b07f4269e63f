// What can go wrong with sessions and their tokens.
import { defineErrors } from '../../../core/errors.ts'

export const sessionErrors = defineErrors({
  'sessions.not_found': { kind: 'not_found', message: 'There is no such session.' },
  'sessions.too_old_for_tenant': {
    kind: 'forbidden',
    message: 'This session is older than the tenant lets sessions become. Sign in again to enter it.',
  },
  'sessions.refresh_invalid': { kind: 'unauthenticated', message: 'This refresh token is not valid. Sign in again.' },
  'sessions.refresh_reused': {
    kind: 'unauthenticated',
    message: 'This refresh token was used before. The session has been ended for safety: sign in again.',
  },
})
