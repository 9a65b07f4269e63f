// What can go wrong with roles and permissions.
import { defineErrors } from '../../../core/errors.ts'

export const roleErrors = defineErrors({
  'roles.not_found': { kind: 'not_found', message: 'There is no such role.' },
  'roles.beyond_own': { kind: 'forbidden', message: 'You cannot grant what you do not hold.' },
})
