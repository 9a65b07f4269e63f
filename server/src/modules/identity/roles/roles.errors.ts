// What can go wrong with roles and permissions.
import { defineErrors } from '../../../core/errors.ts'

export const roleErrors = defineErrors({
  'roles.not_found': { kind: 'not_found', message: 'There is no such role.' },
  'roles.beyond_own': { kind: 'forbidden', message: 'You cannot grant what you do not hold.' },
  'roles.name_taken': { kind: 'conflict', message: 'There is a role of this name already.' },
  'roles.in_use': {
    kind: 'conflict',
    message: 'This role is in use. Name the role that takes its place in `reassignTo`.',
  },
  'roles.built_in': { kind: 'conflict', message: 'This role belongs to the system and cannot be changed like that.' },
  'roles.cycle': { kind: 'conflict', message: 'A role cannot inherit from itself, not even through others.' },
  'roles.too_many': { kind: 'conflict', message: 'The tenant has as many roles as it may have.' },
  'roles.changed_meanwhile': { kind: 'stale', message: 'The role was changed by somebody else. Read it again.' },
  'permissions.not_found': { kind: 'not_found', message: 'There is no such permission.' },
  'permissions.taken': { kind: 'conflict', message: 'There is such a permission already.' },
  'permissions.built_in': { kind: 'conflict', message: 'This permission belongs to the system and stays.' },
  'permissions.in_use': { kind: 'conflict', message: 'Roles grant this permission. Take it out of them first.' },
  'permissions.too_many': { kind: 'conflict', message: 'The tenant has as many permissions as it may have.' },
})
