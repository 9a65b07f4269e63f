// Who holds which role, and what that grants them.
import type { Actor } from '../../../../core/actor.ts'
import { invalidField } from '../../../../core/errors.ts'
import { newId } from '../../../../core/ids.ts'
import { ACTORS_CHANGED } from '../../../../core/topics.ts'
import type { Executor, Tx } from '../../../../drivers/database/index.ts'
import { CATALOGUE, permissionsIn, READ_BY_PAGES, rolesIn } from '../catalogue.ts'
import { grant, seedPermissions, tenantsBehind } from '../permissions.queries.ts'
import { roleErrors } from '../roles.errors.ts'
import { mustHold } from '../roles.policy.ts'
import * as queries from '../roles.queries.ts'
import type { RoleParts } from './parts.ts'

export interface Assignment {
  /** What a user's roles grant in the handle's tenant. */
  permissionsOf(db: Executor, userId: string): Promise<string[]>
  /** The same for each of some users; those to whom nothing is granted are not among them. */
  permissionsOfEach(db: Executor, userIds: readonly string[]): Promise<Map<string, string[]>>
  rolesOf(db: Executor, userId: string): Promise<queries.HeldRole[]>
  /** Since when a user's roles in the handle's tenant ask for a second factor; undefined when none does. */
  mfaRequiredSince(db: Executor, userId: string): Promise<Date | undefined>
  /** Roles of the transaction's tenant that the actor may give. Throws for an unknown one, and for one that grants what the actor lacks. */
  grantable(tx: Tx, actor: Actor, roleIds: readonly string[], field: string): Promise<queries.GrantableRole[]>
  /** The same for one role by its name. */
  grantableByName(tx: Tx, actor: Actor, name: string): Promise<void>
  /** Gives a user exactly these roles. Every id must be a role of the tenant, and nobody grants what they do not hold. */
  assign(tx: Tx, actor: Actor, userId: string, roleIds: readonly string[]): Promise<void>
  /** Gives a user the role of that name in the transaction's tenant. */
  assignByName(tx: Tx, userId: string, name: string): Promise<void>
  /** Puts one role of a user in the place of another in the transaction's tenant, by name; their other roles stay. */
  exchangeByName(tx: Tx, userId: string, from: string, to: string): Promise<void>
  /** Brings the permissions and default roles of the transaction's tenant up to the catalogue. Never takes anything away. */
  seed(tx: Tx, options: { idsAreNames: boolean }): Promise<void>
  /** Does that for every tenant that lacks a permission of this version, the default one first. */
  bringUpToDate(): Promise<void>
}

export function createAssignment({
  bus,
  database,
  language,
}: Pick<RoleParts, 'bus' | 'database' | 'language'>): Assignment {
  async function seed(tx: Tx, { idsAreNames }: { idsAreNames: boolean }): Promise<void> {
    await seedPermissions(
      tx,
      CATALOGUE.map(() => newId()),
      permissionsIn(language),
    )
    for (const role of rolesIn(language)) {
      const seeded = await queries.seedRole(tx, idsAreNames ? role.name : newId(), role)
      if (seeded) await grant(tx, seeded.id, seeded.added ? role.permissions : (READ_BY_PAGES[role.name] ?? []))
    }
  }

  async function grantable(tx: Tx, actor: Actor, roleIds: readonly string[], field: string) {
    const wanted = [...new Set(roleIds)]
    const found = await queries.findWithPermissions(tx, wanted)
    const missing = wanted.find((id) => !found.some((role) => role.id === id))
    if (missing !== undefined) throw invalidField(field, 'unknown_role', `There is no role ${missing}.`)
    for (const role of found) mustHold(actor, role.permissions)
    return found
  }

  return {
    grantable,
    permissionsOf: queries.permissionsOf,
    permissionsOfEach: queries.permissionsOfEach,
    rolesOf: queries.rolesOf,
    mfaRequiredSince: queries.mfaRequiredSince,

    async assign(tx, actor, userId, roleIds) {
      const wanted = await grantable(tx, actor, roleIds, 'roleIds')
      await queries.replaceRolesOf(
        tx,
        userId,
        wanted.map(({ id }) => id),
      )
      await bus.publish(tx, ACTORS_CHANGED, { userId })
    },

    async grantableByName(tx, actor, name) {
      const role = await queries.findIdByName(tx, name)
      if (!role) throw roleErrors('roles.not_found', { message: `There is no role named ${name}.` })
      await grantable(tx, actor, [role.id], 'role')
    },

    async assignByName(tx, userId, name) {
      const role = await queries.findIdByName(tx, name)
      if (!role) throw roleErrors('roles.not_found', { message: `There is no role named ${name}.` })
      await queries.replaceRolesOf(tx, userId, [role.id])
    },

    async exchangeByName(tx, userId, from, to) {
      const role = await queries.findIdByName(tx, to)
      if (!role) throw roleErrors('roles.not_found', { message: `There is no role named ${to}.` })
      const others = (await queries.rolesOf(tx, userId)).filter(({ name, id }) => name !== from && id !== role.id)
      await queries.replaceRolesOf(tx, userId, [...others.map(({ id }) => id), role.id])
    },

    seed,

    async bringUpToDate() {
      const behind = await database.acrossTenants('tenants that lack a permission of this version', (tx) =>
        tenantsBehind(tx, CATALOGUE.length),
      )
      for (const { id } of behind) await database.inTenant(id, (tx) => seed(tx, { idsAreNames: id === 'default' }))
    },
  }
}
