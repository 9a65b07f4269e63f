// What whoever guesses too often is told.
import { defineErrors } from '../../../core/errors.ts'

export const throttleErrors = defineErrors({
  'auth.locked': { kind: 'locked', message: 'Too many failed sign-ins. Try again later.' },
  'auth.too_many_attempts': { kind: 'limited', message: 'Too many sign-ins from this address. Try again later.' },
})
