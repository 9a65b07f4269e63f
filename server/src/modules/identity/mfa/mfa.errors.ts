// What can go wrong with second factors.
import { defineErrors } from '../../../core/errors.ts'

export const mfaErrors = defineErrors({
  'mfa.not_found': { kind: 'not_found', message: 'There is no such authenticator, or its enrolment has expired.' },
  'mfa.wrong_code': { kind: 'invalid', message: 'The code is wrong, or was used already.' },
  'mfa.too_many': { kind: 'conflict', message: 'You have as many authenticators as there may be. Remove one first.' },
  'mfa.not_enrolled': { kind: 'conflict', message: 'This account has no second factor yet.' },
})
