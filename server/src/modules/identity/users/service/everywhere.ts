// What the back office does with the accounts of all tenants.
import type { AdminActor } from '../../../../core/actor.ts'
import { decodeCursor, encodeCursor, type Page, pageOf } from '../../../../core/page.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { tenantOfRecord } from '../../tenants/index.ts'
import * as everywhere from '../everywhere.queries.ts'
import { userErrors } from '../users.errors.ts'
import * as queries from '../users.queries.ts'
import {
  type AnyTenantChanges,
  type AnyTenantQuery,
  toUser,
  toUserOfAnyTenant,
  type UserOfAnyTenant,
  type UserStatus,
} from '../users.schema.ts'
import { difference } from './administration.ts'
import {
  accountColumns,
  announce,
  changeState,
  endAccess,
  type Letter,
  mustBeFree,
  namingConflicts,
  normalizeEmail,
  tellOldAddress,
  type UserParts,
} from './parts.ts'

export interface Everywhere {
  list(query: AnyTenantQuery): Promise<Page<UserOfAnyTenant>>
  get(id: string): Promise<UserOfAnyTenant>
  /** A new address is told to the old one, and has to be confirmed: `verify` sends the mail. */
  update(
    actor: AdminActor,
    id: string,
    change: AccountChange,
    facts: RequestFacts,
    verify: Letter,
  ): Promise<UserOfAnyTenant>
  setStatus(actor: AdminActor, id: string, status: UserStatus, facts: RequestFacts): Promise<UserOfAnyTenant>
  /** Deletes softly. Throws `tenants.last_owner` for somebody who alone owns a tenant with other members. */
  remove(actor: AdminActor, id: string, facts: RequestFacts): Promise<void>
  restore(actor: AdminActor, id: string, facts: RequestFacts): Promise<UserOfAnyTenant>
  endSessions(actor: AdminActor, id: string, facts: RequestFacts): Promise<void>
}

export interface AccountChange {
  changes: AnyTenantChanges
  /** The version that the change was made from. */
  version: number | undefined
}

export function createEverywhere(parts: UserParts): { everywhere: Everywhere } {
  const { database, audit, tenants } = parts

  async function get(id: string): Promise<UserOfAnyTenant> {
    const row = await database.acrossTenants('an account for the back office', (tx) => everywhere.find(tx, id))
    if (!row) throw userErrors('users.not_found')
    return toUserOfAnyTenant(row)
  }

  /** Runs a change in the account's home tenant, where it is audited, or in the default one when it has none any more. */
  async function change(
    id: string,
    work: (tx: Tx, user: queries.UserRow) => Promise<void>,
    first?: (tx: Tx) => Promise<void>,
  ): Promise<UserOfAnyTenant> {
    const account = await queries.findCredentials(database.global, id)
    if (!account) throw userErrors('users.not_found')
    await database.inTenant(tenantOfRecord(account), async (tx) => {
      await first?.(tx)
      const user = await everywhere.lock(tx, id)
      if (!user) throw userErrors('users.not_found')
      await work(tx, user)
      await announce(parts, tx, id)
    })
    return get(id)
  }

  /** Who keeps the address keeps it, whatever the tenants accept by now. */
  async function mustAllow(id: string, address: string): Promise<void> {
    const account = await queries.findCredentials(database.global, id)
    if (account && account.email !== address) await tenants.mustAllowAddressOf(id, address)
  }

  return {
    everywhere: {
      async list(query) {
        const request = { page: query.page ?? 1, limit: query.limit ?? 10 }
        const [before] = query.cursor ? decodeCursor(query.cursor, ['string']) : []
        const offset = before === undefined ? (request.page - 1) * request.limit : 0
        return database.acrossTenants('the accounts of all tenants for the back office', async (tx) => {
          const rows = await everywhere.list(tx, query, request.limit, offset, before)
          const last = rows.at(-1)
          const next = last && rows.length === request.limit ? encodeCursor([last.id]) : undefined
          return pageOf(rows.map(toUserOfAnyTenant), await everywhere.count(tx, query), request, next)
        })
      },

      get,

      async update(actor, id, { changes: { status, ...rest }, version }, facts, verify) {
        if (rest.email !== undefined) await mustAllow(id, normalizeEmail(rest.email))
        return change(id, async (tx, user) => {
          const columns = accountColumns(user, rest)
          await mustBeFree(tx, columns as { email?: string; username?: string }, id)
          if (!(await namingConflicts(() => queries.update(tx, id, { id, ...columns }, version))))
            throw userErrors('users.changed_meanwhile')
          if (status !== undefined) await changeState(parts, tx, user, status)
          const after = await everywhere.lock(tx, id)
          if (after!.email !== user.email) {
            await queries.resetAccess(tx, [id])
            await tellOldAddress(parts, tx, user, { email: after!.email, ip: facts.ip })
            await verify(tx, after!)
          }
          const changes = difference(toUser(user), toUser(after!), false)
          audit.record(tx, actor, { action: 'users.edit', targetType: 'user', targetId: id, changes }, facts)
        })
      },

      setStatus: (actor, id, status, facts) =>
        change(id, async (tx, user) => {
          await changeState(parts, tx, user, status)
          const changes = { status: [user.status, status] }
          audit.record(tx, actor, { action: 'users.status', targetType: 'user', targetId: id, changes }, facts)
        }),

      async remove(actor, id, facts) {
        const mustLeaveOwners = (tx: Tx) => tenants.mustLeaveOwners(tx, [id], actor)
        const end = async (tx: Tx, { email }: queries.UserRow) => {
          await queries.softDelete(tx, [id])
          await endAccess(parts, tx, [id], 'account deleted')
          const deed = { action: 'users.delete', targetType: 'user', targetId: id, changes: { email } }
          audit.record(tx, actor, deed, facts)
        }
        await change(id, end, mustLeaveOwners)
      },

      async restore(actor, id, facts) {
        const deleted = await get(id)
        if (deleted.deletedAt === null) throw userErrors('users.not_found')
        await database.inTenant(tenantOfRecord(deleted), async (tx) => {
          if (!(await queries.restore(tx, id))) throw userErrors('users.not_found')
          await announce(parts, tx, id)
          audit.record(tx, actor, { action: 'users.restore', targetType: 'user', targetId: id }, facts)
        })
        return get(id)
      },

      async endSessions(actor, id, facts) {
        await change(id, async (tx) => {
          await endAccess(parts, tx, [id], 'ended by the back office')
          audit.record(tx, actor, { action: 'sessions.end_all', targetType: 'user', targetId: id }, facts)
        })
      },
    },
  }
}
