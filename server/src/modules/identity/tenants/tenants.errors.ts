// What can go wrong with tenants and their members.
import { defineErrors } from '../../../core/errors.ts'

export const tenantErrors = defineErrors({
  'tenants.not_found': { kind: 'not_found', message: 'There is no such tenant.' },
})
