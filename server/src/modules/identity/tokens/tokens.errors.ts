// What can go wrong with personal access tokens.
import { defineErrors } from '../../../core/errors.ts'

export const tokenErrors = defineErrors({
  'tokens.not_found': { kind: 'not_found', message: 'There is no such token.' },
  'tokens.beyond_own': { kind: 'forbidden', message: 'A token cannot do more than you can.' },
  'tokens.too_many': { kind: 'conflict', message: 'You have as many tokens as an account may have. Revoke one first.' },
})
