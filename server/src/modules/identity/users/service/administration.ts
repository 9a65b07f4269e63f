// What administrators do with the accounts of their tenant.
import type { UserActor } from '../../../../core/actor.ts'
import { type Page, type PagePlace, pageAt } from '../../../../core/page.ts'
import { type Executor, findMatches, type Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import * as listing from '../listing.queries.ts'
import { userErrors } from '../users.errors.ts'
import { administersHere, isSelf, mustAdministerHere, mustBeSomebodyElse } from '../users.policy.ts'
import * as queries from '../users.queries.ts'
import { toUser, type User, type UserChanges, type UserQuery, type UserStatus } from '../users.schema.ts'
import {
  accountColumns,
  announce,
  announceProfile,
  changeState,
  endAccess,
  type Letter,
  lockMember,
  mustBeFree,
  mustReach,
  namingConflicts,
  normalizeEmail,
  tellOldAddress,
  type UserParts,
} from './parts.ts'

export interface Administration {
  list(actor: UserActor, query: UserQuery): Promise<Page<User>>
  get(actor: UserActor, id: string): Promise<User>
  /** A new address is told to the old one, and has to be confirmed: `verify` sends the mail. */
  update(actor: UserActor, id: string, change: UserChange, facts: RequestFacts, verify: Letter): Promise<User>
  setStatus(actor: UserActor, id: string, status: UserStatus, facts: RequestFacts): Promise<User>
  /** Soft-deletes the accounts that are at home here, and ends the membership of the others. Ids of strangers are skipped. */
  remove(actor: UserActor, ids: readonly string[], facts: RequestFacts): Promise<number>
  restore(actor: UserActor, id: string, facts: RequestFacts): Promise<User>
}

export interface UserChange {
  changes: UserChanges
  /** The version that the change was made from. */
  version: number | undefined
}

export function createAdministration(parts: UserParts): Administration {
  const { database, audit, mail, roles, tenants, hashing, passwords } = parts

  async function reread(tx: Tx, id: string): Promise<User> {
    return toUser((await queries.findMember(tx, id))!, tx.tenantId)
  }

  /** What signs a person in opens all their tenants, also those that may open again: where there are others, it is theirs alone. */
  async function mustBelongHereOnly(tx: Tx, id: string): Promise<void> {
    const elsewhere = await tx.acrossTenants('whether somebody belongs to other tenants', (db) =>
      queries.belongsElsewhere(db, id, tx.tenantId!),
    )
    if (elsewhere) throw userErrors('users.belongs_elsewhere')
  }

  /** What takes long or asks elsewhere, before the account is locked. */
  async function mustAcceptCredentials(actor: UserActor, id: string, { email, password }: UserChanges): Promise<void> {
    const existing = await queries.findMember(database.tenant(actor.tenantId), id)
    if (!existing) throw userErrors('users.not_found')
    const address = email === undefined ? existing.email : normalizeEmail(email)
    // One's own secret and address have routes of their own, which ask for a proof.
    if (password !== undefined || address !== existing.email) mustBeSomebodyElse(actor, id)
    if (address !== existing.email) {
      mustAdministerHere(actor, existing)
      await tenants.mustAllowAddressOf(id, address)
    }
    if (password !== undefined) await passwords.check(password, existing)
  }

  return {
    async list(actor, query) {
      const db = database.tenant(actor.tenantId)
      // Any other order goes on by page, whatever the cursor.
      const byTime = (query.sortBy ?? 'createdAt') === 'createdAt'
      const page = byTime ? pageAt(query, 'time') : pageAt({ ...query, cursor: undefined }, undefined)
      const { rows, total } = await findPage(db, query, page.place)
      return page.answer(rows, total, (row) => toUser(row, actor.tenantId))
    },

    async get(actor, id) {
      const user = await queries.findMember(database.tenant(actor.tenantId), id)
      if (!user) throw userErrors('users.not_found')
      return toUser(user, actor.tenantId)
    },

    async update(actor, id, { changes, version }, facts, verify) {
      const { password, status, roleId, roleIds = roleId === undefined ? undefined : [roleId], ...rest } = changes
      if (password !== undefined || changes.email !== undefined) await mustAcceptCredentials(actor, id, changes)
      const hash = password === undefined ? undefined : await hashing.hash(password)
      return database.inTenant(actor.tenantId, async (tx) => {
        // Who may not reach the account learns nothing of it; owners are counted before any account is locked.
        if (!isSelf(actor, id)) await mustReach(parts, tx, actor, id)
        // Suspending wins over what the person owns elsewhere: else everybody could make themselves untouchable.
        if (status !== undefined && status !== 'ACTIVE') await tenants.mustKeepOwner(tx, [id])
        const user = await lockMember(tx, id)
        const columns = accountColumns(user, rest)
        const touchesAccount =
          status !== undefined || hash !== undefined || Object.values(columns).some((value) => value !== undefined)
        if (touchesAccount) mustAdministerHere(actor, user)
        const movesAddress = columns.email !== undefined && columns.email !== user.email
        if (hash !== undefined || movesAddress) await mustBelongHereOnly(tx, id)
        if (status !== undefined && status !== user.status) mustBeSomebodyElse(actor, id)
        await mustBeFree(tx, columns as { email?: string; username?: string }, id)
        // The version is checked even where nothing but the roles changes.
        if (!(await namingConflicts(() => queries.update(tx, id, { id, ...columns }, version))))
          throw userErrors('users.changed_meanwhile')
        if (columns.avatar === null) await queries.deleteAvatar(tx, id)
        if (status !== undefined) await changeState(parts, tx, user, status)
        if (hash !== undefined) {
          await queries.replacePassword(tx, id, hash)
          await endAccess(parts, tx, [id], 'password changed by an administrator')
          await mail.send(tx, {
            template: 'password_set',
            to: { address: user.email, name: user.name },
            locale: user.locale,
            values: { name: user.name },
          })
        }
        if (roleIds) {
          mustBeSomebodyElse(actor, id)
          await roles.assign(tx, actor, id, roleIds)
        }
        const movesRights = status !== undefined || hash !== undefined || roleIds !== undefined || movesAddress
        if (movesRights) await announce(parts, tx, id)
        else announceProfile(parts, tx, id)
        const after = await reread(tx, id)
        if (after.email !== user.email) {
          await queries.resetAccess(tx, [id])
          await tellOldAddress(parts, tx, user, { email: after.email, ip: facts.ip })
          await verify(tx, after)
        }
        audit.record(
          tx,
          actor,
          {
            action: 'users.edit',
            targetType: 'user',
            targetId: id,
            changes: difference(toUser(user, tx.tenantId), after, hash !== undefined),
          },
          facts,
        )
        return after
      })
    },

    async setStatus(actor, id, status, facts) {
      return database.inTenant(actor.tenantId, async (tx) => {
        mustBeSomebodyElse(actor, id)
        await mustReach(parts, tx, actor, id)
        if (status !== 'ACTIVE') await tenants.mustKeepOwner(tx, [id])
        const user = await lockMember(tx, id)
        mustAdministerHere(actor, user)
        await changeState(parts, tx, user, status)
        await announce(parts, tx, id)
        audit.record(
          tx,
          actor,
          { action: 'users.status', targetType: 'user', targetId: id, changes: { status: [user.status, status] } },
          facts,
        )
        return reread(tx, id)
      })
    },

    async remove(actor, ids, facts) {
      for (const id of ids) mustBeSomebodyElse(actor, id)
      return database.inTenant(actor.tenantId, async (tx) => {
        for (const id of ids) await mustReach(parts, tx, actor, id)
        const ending = (await queries.findMembers(tx, ids)).filter((user) => administersHere(actor, user))
        await tenants.mustLeaveOwners(
          tx,
          ending.map((user) => user.id),
          actor,
        )
        await tenants.mustKeepOwner(tx, ids)
        const users = await queries.lockMembers(tx, ids)
        const own = users.filter((user) => administersHere(actor, user)).map((user) => user.id)
        const guests = users.filter((user) => !administersHere(actor, user)).map((user) => user.id)
        if (own.length) {
          await queries.softDelete(tx, own)
          await endAccess(parts, tx, own, 'account deleted')
        }
        if (guests.length) await tenants.endMemberships(tx, guests)
        for (const user of users) {
          await announce(parts, tx, user.id)
          const action = administersHere(actor, user) ? 'users.delete' : 'members.remove'
          audit.record(
            tx,
            actor,
            { action, targetType: 'user', targetId: user.id, changes: { email: user.email } },
            facts,
          )
        }
        return users.length
      })
    },

    async restore(actor, id, facts) {
      return database.inTenant(actor.tenantId, async (tx) => {
        const user = await lockMember(tx, id, { deleted: true })
        mustAdministerHere(actor, user)
        await mustReach(parts, tx, actor, id)
        await queries.restore(tx, id)
        await announce(parts, tx, id)
        audit.record(tx, actor, { action: 'users.restore', targetType: 'user', targetId: id }, facts)
        return reread(tx, id)
      })
    },
  }
}

/** A page and its total: in one statement where the total is kept or the matches are few. */
async function findPage(db: Executor, query: UserQuery, place: PagePlace) {
  if (listing.isKept(query)) {
    const rows = await listing.list(db, query, place)
    // An empty page has no row that could carry the total.
    return { rows, total: rows[0]?.total ?? (await listing.keptCount(db, query)) }
  }
  const { search, status, role, deleted } = query
  return findMatches(
    db,
    ['users', search, status, role, deleted],
    () => listing.listFound(db, query, place),
    () => listing.list(db, query, place),
  )
}

/** Before and after of what changed; a password only as a fact. */
export function difference(before: User, after: User, passwordChanged: boolean): Record<string, unknown> {
  const changes: Record<string, unknown> = passwordChanged ? { password: 'changed' } : {}
  for (const key of [
    'email',
    'username',
    'name',
    'phone',
    'status',
    'department',
    'position',
    'bio',
    'locale',
    'avatar',
  ] as const) {
    if (before[key] !== after[key]) changes[key] = [before[key], after[key]]
  }
  const names = (user: User) => user.roles.map((role) => role.name).join(' ')
  if (names(before) !== names(after)) changes.roles = [names(before), names(after)]
  return changes
}
