// Roles: named sets of permissions inside a tenant, which may inherit from other roles.
import { createAdministration, type RoleAdministration } from './service/administration.ts'
import { type Assignment, createAssignment } from './service/assignment.ts'
import { createInspection, type Inspection } from './service/inspection.ts'
import type { RoleParts } from './service/parts.ts'
import { createPermissions, type Permissions } from './service/permissions.ts'

export interface Roles extends Assignment, RoleAdministration, Inspection {
  permissions: Permissions
}

export function createRoles(parts: RoleParts): Roles {
  return {
    ...createAssignment(parts),
    ...createAdministration(parts),
    ...createInspection(parts),
    permissions: createPermissions(parts),
  }
}
