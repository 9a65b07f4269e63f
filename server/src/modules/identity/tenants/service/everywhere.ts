// What the back office does with all tenants.
import type { AdminActor } from '../../../../core/actor.ts'
import { eitherOf } from '../../../../core/errors.ts'
import { type Page, pageOf } from '../../../../core/page.ts'
import { normalizeName } from '../../../../core/text.ts'
import { ACTORS_CHANGED } from '../../../../core/topics.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import * as everywhere from '../everywhere.queries.ts'
import { tenantErrors } from '../tenants.errors.ts'
import * as queries from '../tenants.queries.ts'
import { type AnyTenant, type AnyTenantQuery, type TenantChanges, toAnyTenant } from '../tenants.schema.ts'
import { mustBeFree, slugConflicts } from './administration.ts'
import { DEFAULT_TENANT, type TenantParts } from './parts.ts'

export interface Everywhere {
  list(query: AnyTenantQuery): Promise<Page<AnyTenant>>
  /** A tenant in whatever state, deleted ones included. */
  get(id: string): Promise<AnyTenant>
  update(
    actor: AdminActor,
    id: string,
    change: { changes: TenantChanges; version: number | undefined },
    facts: RequestFacts,
  ): Promise<AnyTenant>
  /** SUSPENDED: nobody can enter until it is ACTIVE again. Nothing of it is lost. */
  setStatus(actor: AdminActor, id: string, status: 'ACTIVE' | 'SUSPENDED', facts: RequestFacts): Promise<AnyTenant>
  /** Deletes softly, as an owner would. */
  remove(actor: AdminActor, id: string, facts: RequestFacts): Promise<AnyTenant>
}

type Locked = NonNullable<Awaited<ReturnType<typeof everywhere.lock>>>

export function createEverywhere({ database, bus, audit }: TenantParts): { everywhere: Everywhere } {
  async function get(id: string): Promise<AnyTenant> {
    const row = await database.acrossTenants('a tenant for the back office', (tx) => everywhere.find(tx, id))
    if (!row) throw unknown()
    return toAnyTenant(row)
  }

  /** Runs a change inside the tenant, where it is audited, and tells every node. */
  async function change(
    id: string,
    work: (
      tx: Tx,
      tenant: Locked,
    ) => Promise<{ actor: AdminActor; action: string; changes: object; facts: RequestFacts }>,
  ): Promise<AnyTenant> {
    await database.inTenant(id, async (tx) => {
      const tenant = await everywhere.lock(tx, id)
      if (!tenant || tenant.deletedAt) throw unknown()
      const { actor, action, changes, facts } = await work(tx, tenant)
      await bus.publish(tx, ACTORS_CHANGED, { tenantId: id })
      audit.record(tx, actor, { action, targetType: 'tenant', targetId: id, changes: { ...changes } }, facts)
    })
    return get(id)
  }

  return {
    everywhere: {
      async list({ page = 1, limit = 10, ...filter }) {
        return database.acrossTenants('all tenants for the back office', async (tx) => {
          const rows = await everywhere.list(tx, filter, limit, (page - 1) * limit)
          return pageOf(rows.map(toAnyTenant), await everywhere.count(tx, filter), { page, limit })
        })
      },

      get,

      update: (actor, id, { changes: sent, version }, facts) =>
        change(id, async (tx, tenant) => {
          const name = sent.name === undefined ? undefined : normalizeName(sent.name, 'name')
          const slug = eitherOf(sent.slug, sent.subdomain, 'subdomain')
          if (slug !== undefined && slug !== tenant.slug) await mustBeFree(tx, slug)
          if (!(await slugConflicts(() => queries.update(tx, id, { name, slug }, version))))
            throw tenantErrors('tenants.changed_meanwhile')
          const changes = {
            ...(name !== undefined && name !== tenant.name && { name: [tenant.name, name] }),
            ...(slug !== undefined && slug !== tenant.slug && { slug: [tenant.slug, slug] }),
          }
          return { actor, action: 'tenants.edit', changes, facts }
        }),

      setStatus: (actor, id, status, facts) =>
        change(id, async (tx, tenant) => {
          if (id === DEFAULT_TENANT && status === 'SUSPENDED') throw tenantErrors('tenants.default_stays')
          await everywhere.setStatus(tx, id, status)
          return { actor, action: 'tenants.status', changes: { status: [tenant.status, status] }, facts }
        }),

      remove: (actor, id, facts) =>
        change(id, async (tx, { name, slug }) => {
          if (id === DEFAULT_TENANT) throw tenantErrors('tenants.default_stays')
          await queries.softDelete(tx, id)
          return { actor, action: 'tenants.delete', changes: { name, slug }, facts }
        }),
    },
  }
}

function unknown() {
  return tenantErrors('tenants.not_found', { message: 'There is no such tenant.' })
}
