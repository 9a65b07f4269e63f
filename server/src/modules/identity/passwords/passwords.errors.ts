// What can go wrong with a password that is asked for again.
import { defineErrors, type Problem } from '../../../core/errors.ts'

const passwordErrors = defineErrors({
  'auth.wrong_password': { kind: 'invalid', message: 'The current password is wrong.' },
})

/** The refusal, at the field of the body that had the password. */
export function wrongPassword(field: string): Problem {
  return passwordErrors('auth.wrong_password', {
    fields: [{ in: 'body', path: field, code: 'wrong', message: 'The current password is wrong.' }],
  })
}
