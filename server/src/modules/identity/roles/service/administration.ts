// What administrators do with the roles of their tenant.

import type { UserActor } from '../../../../core/actor.ts'
import { invalidField } from '../../../../core/errors.ts'
import { newId } from '../../../../core/ids.ts'
import { type Page, pageOf } from '../../../../core/page.ts'
import { normalizeName } from '../../../../core/text.ts'
import { type Tx, violates } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { childrenOf, replaceParents } from '../inheritance.queries.ts'
import { type PermissionKey, replaceOf } from '../permissions.queries.ts'
import { roleErrors } from '../roles.errors.ts'
import { mustBeOwn, mustHold, mustReach, mustStayFull } from '../roles.policy.ts'
import * as queries from '../roles.queries.ts'
import {
  type NewRole,
  type Role,
  type RoleChanges,
  type RolePermissions,
  type RoleQuery,
  toRole,
} from '../roles.schema.ts'
import { announce, invalidQuery, type RoleParts } from './parts.ts'
import { mustFit, mustSucceed, wantedParents, wantedPermissions } from './wanted.ts'

export interface RoleAdministration {
  list(actor: UserActor, query: RoleQuery): Promise<Page<Role>>
  /** All roles of the tenant that the search finds. */
  listAll(actor: UserActor, search: string | undefined): Promise<{ data: Role[] }>
  get(actor: UserActor, id: string): Promise<Role>
  create(actor: UserActor, body: NewRole, facts: RequestFacts): Promise<Role>
  update(actor: UserActor, id: string, changes: RoleChanges, facts: RequestFacts, version?: number): Promise<Role>
  /** Gives a role exactly the named permissions. */
  setPermissions(
    actor: UserActor,
    id: string,
    wanted: RolePermissions,
    facts: RequestFacts,
    version?: number,
  ): Promise<Role>
  /** Deletes a role. One that people hold or roles inherit from needs another that takes its place. */
  remove(
    actor: UserActor,
    id: string,
    options: { reassignTo: string | undefined; version: number | undefined },
    facts: RequestFacts,
  ): Promise<void>
}

const MAX_ROLES = 500

export function createAdministration(parts: RoleParts): RoleAdministration {
  const { database, audit } = parts

  /** The role for writing. No other writer of roles comes in until the transaction ends. */
  async function claim(tx: Tx, actor: UserActor, id: string, version: number | undefined): Promise<queries.RoleRow> {
    await queries.lockAll(tx)
    const role = await queries.find(tx, id)
    if (!role) throw roleErrors('roles.not_found')
    if (version !== undefined && role.updatedAt.getTime() !== version) throw roleErrors('roles.changed_meanwhile')
    mustReach(actor, role)
    return role
  }

  async function write(tx: Tx, id: string, permissions?: readonly PermissionKey[], parentIds?: readonly string[]) {
    if (permissions)
      await replaceOf(
        tx,
        id,
        permissions.map((one) => one.id),
      )
    if (parentIds) await replaceParents(tx, id, parentIds)
    await queries.touch(tx, [id])
  }

  async function change(tx: Tx, actor: UserActor, role: queries.RoleRow, changes: RoleChanges): Promise<void> {
    const { label, description, parentIds } = changes
    const name = changes.name === undefined ? undefined : normalizeName(changes.name, 'name')
    if (name !== undefined && name !== role.name) {
      mustBeOwn(role, 'renamed')
      await mustBeFree(tx, name, role.id)
    }
    const permissions = await wantedPermissions(tx, changes)
    const parents = parentIds && (await wantedParents(tx, parentIds))
    if (permissions) mustStayFull(role, actionsOf(permissions))
    mustHold(actor, [...actionsOf(permissions ?? []), ...(parents ?? []).flatMap((parent) => parent.permissions)])
    if (parents) await mustFit(tx, role.id, parents)
    const columns = { name, label: label === undefined ? undefined : normalizeName(label, 'label'), description }
    await namingConflict(() => queries.update(tx, role.id, columns))
    if (changes.requiresMfa !== undefined) await queries.setMfaRequired(tx, role.id, changes.requiresMfa)
    await write(tx, role.id, permissions, parentIds)
  }

  async function edit(
    actor: UserActor,
    id: string,
    changes: RoleChanges,
    facts: RequestFacts,
    version: number | undefined,
  ): Promise<Role> {
    return database.inTenant(actor.tenantId, async (tx) => {
      const before = await claim(tx, actor, id, version)
      await change(tx, actor, before, changes)
      await announce(parts, tx)
      const after = toRole((await queries.find(tx, id))!)
      const deed = {
        action: 'roles.edit',
        targetType: 'role',
        targetId: id,
        changes: difference(toRole(before), after),
      }
      audit.record(tx, actor, deed, facts)
      return after
    })
  }

  return {
    async list(actor, query) {
      const db = database.tenant(actor.tenantId)
      const request = { page: query.page ?? 1, limit: query.limit ?? 10 }
      const [rows, total] = await Promise.all([
        queries.list(db, query, { limit: request.limit, offset: (request.page - 1) * request.limit }),
        queries.count(db, query),
      ])
      return pageOf(rows.map(toRole), total, request)
    },

    async listAll(actor, search) {
      const rows = await queries.list(
        database.tenant(actor.tenantId),
        { ...(search !== undefined && { search }) },
        { limit: null, offset: 0 },
      )
      return { data: rows.map(toRole) }
    },

    async get(actor, id) {
      const role = await queries.find(database.tenant(actor.tenantId), id)
      if (!role) throw roleErrors('roles.not_found')
      return toRole(role)
    },

    create: (actor, body, facts) =>
      database.inTenant(actor.tenantId, async (tx) => {
        await queries.lockAll(tx)
        const { parentIds = [], description = null } = body
        const name = normalizeName(body.name, 'name')
        const label = normalizeName(body.label ?? name, 'label')
        const permissions = (await wantedPermissions(tx, body)) ?? []
        const parents = await wantedParents(tx, parentIds)
        mustHold(actor, [...actionsOf(permissions), ...parents.flatMap((parent) => parent.permissions)])
        await mustBeFree(tx, name, '')
        if ((await queries.count(tx, {})) >= MAX_ROLES) throw roleErrors('roles.too_many')
        const id = newId()
        await mustFit(tx, id, parents)
        await namingConflict(() => queries.insert(tx, { id, name, label, description }))
        if (body.requiresMfa) await queries.setMfaRequired(tx, id, true)
        await write(tx, id, permissions, parentIds)
        await announce(parts, tx)
        const role = toRole((await queries.find(tx, id))!)
        audit.record(
          tx,
          actor,
          { action: 'roles.create', targetType: 'role', targetId: id, changes: facets(role) },
          facts,
        )
        return role
      }),

    update: edit,

    setPermissions(actor, id, wanted, facts, version) {
      if (!wanted.permissions && !wanted.permissionIds)
        throw invalidField('permissionIds', 'missing', 'Send permissionIds or permissions.')
      return edit(actor, id, wanted, facts, version)
    },

    remove: (actor, id, { reassignTo, version }, facts) =>
      database.inTenant(actor.tenantId, async (tx) => {
        const role = await claim(tx, actor, id, version)
        mustBeOwn(role, 'deleted')
        await queries.lockRow(tx, id)
        const successor = reassignTo === undefined ? undefined : await successorOf(tx, actor, role, reassignTo)
        const heirs = await childrenOf(tx, id)
        // Counted under the lock: nobody has been given the role since.
        const { userCount } = (await queries.find(tx, id))!
        if (successor) await queries.reassign(tx, id, successor.id)
        else if (userCount > 0 || heirs.length > 0)
          throw roleErrors('roles.in_use', { facts: { userCount, inheritedBy: heirs.length } })
        await queries.touch(tx, [...heirs, ...(successor ? [successor.id] : [])])
        await queries.remove(tx, id)
        await announce(parts, tx)
        const changes = { ...facets(toRole(role)), userCount, ...(successor && { reassignedTo: successor.id }) }
        audit.record(tx, actor, { action: 'roles.delete', targetType: 'role', targetId: id, changes }, facts)
      }),
  }
}

/** The role that takes another's place: known here, held by the actor, and not one that inherits from the other. */
async function successorOf(
  tx: Tx,
  actor: UserActor,
  role: queries.RoleRow,
  id: string,
): Promise<queries.GrantableRole> {
  const [successor] = await queries.findWithPermissions(tx, [id])
  if (!successor) throw invalidQuery('reassignTo', 'unknown_role', `There is no role ${id}.`)
  if (id === role.id) throw invalidQuery('reassignTo', 'same_role', 'A role cannot take its own place.')
  mustHold(actor, successor.permissions)
  await mustSucceed(tx, role.id, successor)
  return successor
}

async function mustBeFree(tx: Tx, name: string, exceptId: string): Promise<void> {
  if (await queries.nameTaken(tx, name, exceptId)) throw nameTaken()
}

/** Another back end writes roles without our lock: its name may come between the look and the write. */
async function namingConflict(write: () => Promise<void>): Promise<void> {
  try {
    await write()
  } catch (error) {
    throw violates(error, 'roles_tenantId_name_key') ? nameTaken() : error
  }
}

function nameTaken() {
  const problem = roleErrors('roles.name_taken')
  problem.fields.push({ in: 'body', path: 'name', code: 'taken', message: problem.message })
  return problem
}

const actionsOf = (permissions: readonly PermissionKey[]) => permissions.map((one) => one.action)

/** What the trail keeps of a role. */
function facets(role: Role) {
  const { name, label, description, permissions, parents, requiresMfa } = role
  return { name, label, description, permissions, requiresMfa, parents: parents.map((parent) => parent.name) }
}

/** Before and after of what changed. */
function difference(before: Role, after: Role): Record<string, unknown> {
  const [old, now] = [facets(before), facets(after)]
  const changed = (Object.keys(old) as (keyof typeof old)[]).filter(
    (key) => JSON.stringify(old[key]) !== JSON.stringify(now[key]),
  )
  return Object.fromEntries(changed.map((key) => [key, [old[key], now[key]]]))
}
