// What admins do with each other's accounts.
import type { AdminActor } from '../../../../core/actor.ts'
import { requestErrors } from '../../../../core/errors.ts'
import { type Page, pageOf } from '../../../../core/page.ts'
import { normalizeName } from '../../../../core/text.ts'
import { ACTORS_CHANGED } from '../../../../core/topics.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { DEFAULT_TENANT } from '../../tenants/index.ts'
import { adminErrors } from '../admins.errors.ts'
import { mustBeAnother } from '../admins.policy.ts'
import * as queries from '../admins.queries.ts'
import { type Admin, type AdminChanges, type AdminQuery, toAdmin } from '../admins.schema.ts'
import { type AdminParts, namingConflicts } from './parts.ts'

export interface Administration {
  list(query: AdminQuery): Promise<Page<Admin>>
  get(id: string): Promise<Admin>
  update(
    actor: AdminActor,
    id: string,
    change: { changes: AdminChanges; version: number | undefined },
    facts: RequestFacts,
  ): Promise<Admin>
  /** SUSPENDED ends the account's sessions, and those that it opened in others' names. Never one's own account. */
  setStatus(actor: AdminActor, id: string, status: Admin['status'], facts: RequestFacts): Promise<Admin>
  /** Deletes softly and ends everything of the account. Never one's own, so that one is always left. */
  remove(actor: AdminActor, id: string, facts: RequestFacts): Promise<void>
  restore(actor: AdminActor, id: string, facts: RequestFacts): Promise<Admin>
}

interface Deed {
  action: string
  changes?: Record<string, unknown>
}

export function createAdministration({ database, bus, audit, sessions }: AdminParts): {
  administration: Administration
} {
  /** Runs a change of a locked account; the actor's own row is locked too, so that two cannot end each other at once. */
  async function change(
    actor: AdminActor,
    id: string,
    facts: RequestFacts,
    work: (tx: Tx, admin: queries.AdminRow) => Promise<Deed>,
    options: { deleted?: boolean } = {},
  ): Promise<Admin | undefined> {
    return database.inTenant(DEFAULT_TENANT, async (tx) => {
      const locked = await queries.lock(tx, [id, actor.adminId])
      const self = locked.find((row) => row.id === actor.adminId)
      if (self?.status !== 'ACTIVE' || self.deletedAt) throw requestErrors('access.unauthenticated')
      const admin = locked.find((row) => row.id === id && (row.deletedAt !== null) === (options.deleted ?? false))
      if (!admin) throw adminErrors('admins.not_found')
      const deed = await work(tx, admin)
      await bus.publish(tx, ACTORS_CHANGED, { adminId: id })
      audit.record(tx, actor, { ...deed, targetType: 'admin', targetId: id }, facts)
      const after = await queries.find(tx, id)
      return after && toAdmin(after)
    })
  }

  return {
    administration: {
      async list({ page = 1, limit = 10, ...filter }) {
        const rows = await queries.list(database.global, filter, limit, (page - 1) * limit)
        return pageOf(rows.map(toAdmin), await queries.count(database.global, filter), { page, limit })
      },

      async get(id) {
        const row = await queries.find(database.global, id)
        if (!row) throw adminErrors('admins.not_found')
        return toAdmin(row)
      },

      async update(actor, id, { changes: sent, version }, facts) {
        const name = sent.name === undefined ? undefined : normalizeName(sent.name, 'name')
        const username = sent.username === undefined ? undefined : normalizeName(sent.username, 'username')
        const after = await change(actor, id, facts, async (tx, before) => {
          if (!(await namingConflicts(() => queries.update(tx, id, { name, username }, version))))
            throw adminErrors('admins.changed_meanwhile')
          const changes = {
            ...(name !== undefined && { name: [before.name, name] }),
            ...(username !== undefined && { username: [before.username, username] }),
          }
          return { action: 'admins.edit', changes }
        })
        return after!
      },

      async setStatus(actor, id, status, facts) {
        mustBeAnother(actor, id)
        const after = await change(actor, id, facts, async (tx, before) => {
          await queries.update(tx, id, { status }, undefined)
          if (status !== 'ACTIVE') await sessions.endAll(tx, [id], 'account suspended')
          return { action: 'admins.status', changes: { status: [before.status, status] } }
        })
        return after!
      },

      async remove(actor, id, facts) {
        mustBeAnother(actor, id)
        await change(actor, id, facts, async (tx, { email }) => {
          await queries.softDelete(tx, id)
          await sessions.endAll(tx, [id], 'account deleted')
          return { action: 'admins.delete', changes: { email } }
        })
      },

      async restore(actor, id, facts) {
        const restored = async (tx: Tx) => {
          await queries.restore(tx, id)
          return { action: 'admins.restore' }
        }
        const after = await change(actor, id, facts, restored, { deleted: true })
        return after!
      },
    },
  }
}
