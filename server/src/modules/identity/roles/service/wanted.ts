// From what a caller names to rows of the tenant: permissions by action, alias or id, and roles to inherit from.
import { invalidField } from '../../../../core/errors.ts'
import { newId } from '../../../../core/ids.ts'
import { isPermission } from '../../../../core/permission.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import { unaliased } from '../catalogue.ts'
import { inheritance } from '../inheritance.queries.ts'
import * as permissions from '../permissions.queries.ts'
import { roleErrors } from '../roles.errors.ts'
import * as queries from '../roles.queries.ts'
import type { RolePermissions } from '../roles.schema.ts'
import { invalidQuery, MAX_PERMISSIONS } from './parts.ts'

const MAX_LEVELS = 20
const TOO_DEEP = `Roles may inherit over ${MAX_LEVELS} levels at most.`

/** The named permissions; undefined when none of the lists was sent. Throws `invalid` with the name that the tenant lacks. */
export async function wantedPermissions(
  tx: Tx,
  { permissions: names, permissionIds: ids }: RolePermissions,
): Promise<permissions.PermissionKey[] | undefined> {
  if (!names && !ids) return undefined
  const known = await permissions.keys(tx)
  const byId = new Map(known.map((one) => [one.id, one]))
  const byAction = new Map(known.map((one) => [one.action, one]))
  const wanted = new Map<string, permissions.PermissionKey>()
  for (const id of ids ?? []) {
    const found = byId.get(id)
    if (!found) throw invalidField('permissionIds', 'unknown_permission', `There is no permission ${id}.`)
    wanted.set(found.id, found)
  }
  for (const name of names ?? []) {
    const action = unaliased(name)
    const found = byAction.get(action) ?? (await makeWildcard(tx, action, byAction))
    if (!found) throw invalidField('permissions', 'unknown_permission', `There is no permission ${name}.`)
    byAction.set(action, found)
    wanted.set(found.id, found)
  }
  return [...wanted.values()]
}

/** A wildcard becomes a row when a role first asks for it, if the tenant knows its resource or verb. */
async function makeWildcard(
  tx: Tx,
  action: string,
  byAction: ReadonlyMap<string, permissions.PermissionKey>,
): Promise<permissions.PermissionKey | undefined> {
  if (!isPermission(action)) return undefined
  const [resource = '*', verb = '*'] = action.split(':')
  if (resource !== '*' && verb !== '*') return undefined
  const known = [...byAction.keys()]
  const isKnown = (at: 0 | 1, word: string) => word === '*' || known.some((one) => one.split(':')[at] === word)
  if (!isKnown(0, resource) || !isKnown(1, verb)) return undefined
  if (known.length >= MAX_PERMISSIONS) throw roleErrors('permissions.too_many')
  return permissions.insert(tx, { id: newId(), action, resource, description: null, label: null, group: null })
}

/** The roles to inherit from, each with everything it grants. Throws `invalid` with the id that the tenant lacks. */
export async function wantedParents(tx: Tx, ids: readonly string[]): Promise<queries.GrantableRole[]> {
  const found = ids.length ? await queries.findWithPermissions(tx, ids) : []
  const missing = ids.find((id) => !found.some((role) => role.id === id))
  if (missing !== undefined) throw invalidField('parentIds', 'unknown_role', `There is no role ${missing}.`)
  return found
}

/** Throws when the parents would close a circle, or make a line of more than 20 roles. The caller holds the tenant's lock. */
export async function mustFit(tx: Tx, roleId: string, parents: readonly queries.GrantableRole[]): Promise<void> {
  if ((await longestLine(tx, roleId, parents)) > MAX_LEVELS) throw invalidField('parentIds', 'too_deep', TOO_DEEP)
}

/** The same for a role that takes the place of another: the other itself is no longer in the line. */
export async function mustSucceed(tx: Tx, roleId: string, successor: queries.GrantableRole): Promise<void> {
  if ((await longestLine(tx, roleId, [successor])) - 1 > MAX_LEVELS)
    throw invalidQuery('reassignTo', 'too_deep', TOO_DEEP)
}

/** How many roles the longest line through the role would have. Throws when the parents would close a circle. */
async function longestLine(tx: Tx, roleId: string, parents: readonly queries.GrantableRole[]): Promise<number> {
  if (parents.length === 0) return 0
  const ids = parents.map((parent) => parent.id)
  const { below, levelsBelow, levelsAbove } = await inheritance(tx, roleId, ids, MAX_LEVELS)
  const circular = parents.find((parent) => below.includes(parent.id))
  if (circular)
    throw roleErrors('roles.cycle', {
      message:
        circular.id === roleId
          ? 'A role cannot inherit from itself.'
          : `${circular.name} inherits from this role already: the two would inherit from each other.`,
    })
  return levelsBelow + levelsAbove
}
