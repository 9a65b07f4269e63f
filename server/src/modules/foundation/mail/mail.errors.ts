// What can go wrong with mail.
import { defineErrors } from '../../../core/errors.ts'

export const mailErrors = defineErrors({
  'mail.recipient_invalid': { kind: 'invalid', message: 'A mail goes to exactly one e-mail address.' },
  'mail.not_found': { kind: 'not_found', message: 'There is no such mail.' },
})
