// The permissions that a tenant's roles can grant: those that the modules declare, and the tenant's own.
import type { UserActor } from '../../../../core/actor.ts'
import { eitherOf, invalidField } from '../../../../core/errors.ts'
import { newId } from '../../../../core/ids.ts'
import { type Page, pageOf } from '../../../../core/page.ts'
import { isPermission } from '../../../../core/permission.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import * as queries from '../permissions.queries.ts'
import { type NewPermission, type Permission, type PermissionQuery, toPermission } from '../permissions.schema.ts'
import { roleErrors } from '../roles.errors.ts'
import { lockAll } from '../roles.queries.ts'
import { MAX_PERMISSIONS, type RoleParts } from './parts.ts'

export interface Permissions {
  list(actor: UserActor, query: PermissionQuery): Promise<Page<Permission>>
  /** All permissions of the tenant that the search finds. */
  listAll(actor: UserActor, search: string | undefined): Promise<{ data: Permission[] }>
  get(actor: UserActor, id: string): Promise<Permission>
  create(actor: UserActor, body: NewPermission, facts: RequestFacts): Promise<Permission>
  /** Deletes one of the tenant's own that no role grants. */
  remove(actor: UserActor, id: string, facts: RequestFacts): Promise<void>
}

export function createPermissions({ database, audit }: Pick<RoleParts, 'database' | 'audit'>): Permissions {
  return {
    async list(actor, query) {
      const db = database.tenant(actor.tenantId)
      const request = { page: query.page ?? 1, limit: query.limit ?? 10 }
      const [rows, total] = await Promise.all([
        queries.list(db, query.search, { limit: request.limit, offset: (request.page - 1) * request.limit }),
        queries.count(db, query.search),
      ])
      return pageOf(rows.map(toPermission), total, request)
    },

    async listAll(actor, search) {
      const rows = await queries.list(database.tenant(actor.tenantId), search, { limit: null, offset: 0 })
      return { data: rows.map(toPermission) }
    },

    async get(actor, id) {
      const permission = await queries.find(database.tenant(actor.tenantId), id)
      if (!permission) throw roleErrors('permissions.not_found')
      return toPermission(permission)
    },

    create(actor, body, facts) {
      const { action, resource } = actionOf(body)
      const { description = null, label = null, group = null } = body
      return database.inTenant(actor.tenantId, async (tx) => {
        await lockAll(tx)
        if ((await queries.count(tx)) >= MAX_PERMISSIONS) throw roleErrors('permissions.too_many')
        const made = await queries.insert(tx, { id: newId(), action, resource, description, label, group })
        if (!made) throw roleErrors('permissions.taken', { message: `There is a permission ${action} already.` })
        const deed = { action: 'permissions.create', targetType: 'permission', targetId: made.id }
        audit.record(tx, actor, { ...deed, changes: { action, description, label, group } }, facts)
        return toPermission(made)
      })
    },

    remove: (actor, id, facts) =>
      database.inTenant(actor.tenantId, async (tx) => {
        await lockAll(tx)
        const permission = await queries.find(tx, id)
        if (!permission) throw roleErrors('permissions.not_found')
        if (permission.builtIn) throw roleErrors('permissions.built_in')
        const roles = await queries.rolesWith(tx, id)
        if (roles.length) throw roleErrors('permissions.in_use', { facts: { roles } })
        await queries.remove(tx, id)
        const deed = { action: 'permissions.delete', targetType: 'permission', targetId: id }
        audit.record(tx, actor, { ...deed, changes: { action: permission.action } }, facts)
      }),
  }
}

/** `widgets:paint`, from an action that says so itself or from a verb beside its resource. */
function actionOf({ action: sent, name, resource }: NewPermission): { action: string; resource: string } {
  const named = eitherOf(sent, name, 'name')
  if (named === undefined) throw invalidField('action', 'missing', 'This field is required.')
  const action = named.includes(':') || resource === undefined ? named : `${resource}:${named}`
  if (!isPermission(action) || action.includes('*'))
    throw invalidField(
      'action',
      'not_a_permission',
      'A permission is a resource and a verb, such as widgets:paint: lower case, digits, dashes and underscores.',
    )
  const [first = ''] = action.split(':')
  if (resource !== undefined && resource !== first)
    throw invalidField('resource', 'differs', `The action says that the resource is ${first}.`)
  return { action, resource: first }
}
