// What can go wrong with the audit trail.
import { defineErrors } from '../../../core/errors.ts'

export const auditErrors = defineErrors({
  'audit.trail_too_long': {
    kind: 'conflict',
    message: 'This trail is too long to be verified while somebody waits: the operator runs `ashlar audit verify`.',
  },
})
