// The end of a tenant: restored in time, or purged with everything that belongs to it.
import type { Actor, SystemActor, UserActor } from '../../../../core/actor.ts'
import { ACTORS_CHANGED } from '../../../../core/topics.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { nightlyJob } from '../../../../drivers/queue/index.ts'
import { tenantErrors } from '../tenants.errors.ts'
import { mustOwn, reaches } from '../tenants.policy.ts'
import * as queries from '../tenants.queries.ts'
import { type Tenant, toTenant } from '../tenants.schema.ts'
import { mustOwnFewer } from './ownership.ts'
import { DEFAULT_TENANT, enter, type TenantParts } from './parts.ts'

export interface Ending {
  /** Brings a deleted tenant back as it was, with its members; for its owners, as long as it is kept. */
  restore(actor: UserActor, id: string, facts: RequestFacts): Promise<Tenant>
  /**
   * Removes a tenant, deleted or not, with every row that belongs to it, at once and for good. Accounts stay; sessions that
   * stand in it end. The audit trail of the default tenant keeps that it was. Whoever calls this has authorised it.
   */
  purge(id: string, actor: Actor, facts?: RequestFacts): Promise<void>
  /** Purges every tenant that has been deleted for longer than it is kept; answers how many. */
  purgeExpired(): Promise<number>
  /** Makes the daily look for such tenants known to this process. */
  defineJobs(): void
}

export const purgeTenantsJob = nightlyJob('tenants.purge', '17 3 * * *')

const upkeep: SystemActor = { kind: 'system', name: 'tenants' }

export function createEnding(parts: TenantParts): Ending {
  const { database, bus, audit, jobs, roles, options } = parts

  async function purge(id: string, actor: Actor, facts: RequestFacts | undefined, deletedFor?: number) {
    if (id === DEFAULT_TENANT) throw tenantErrors('tenants.default_stays')
    // The tenant's own trail goes with it: that it was, and who ended it, stands in the default tenant's.
    return database.inTenant(DEFAULT_TENANT, async (tx) => {
      const tenant = await queries.purge(tx, id, deletedFor)
      if (!tenant) return false
      await jobs.dropOf(tx, id)
      await bus.publish(tx, ACTORS_CHANGED, { tenantId: id })
      const { name, slug, createdAt, deletedAt } = tenant
      const changes = { name, slug, createdAt, deletedAt }
      audit.record(tx, actor, { action: 'tenants.purge', targetType: 'tenant', targetId: id, changes }, facts)
      return true
    })
  }

  async function purgeExpired(signal?: AbortSignal): Promise<number> {
    let purged = 0
    for (const { id } of await queries.listPurgeable(database.global, options.retentionSeconds)) {
      signal?.throwIfAborted()
      // Asked again inside: its owner may have restored it meanwhile.
      if (await purge(id, upkeep, undefined, options.retentionSeconds)) purged++
    }
    return purged
  }

  return {
    async restore(actor, id, facts) {
      return database.inTenant(id, async (tx) => {
        await mustOwnFewer(tx, actor.userId)
        const kept = reaches(actor, id)
          ? await queries.lockDeleted(tx, id, actor.userId, options.retentionSeconds)
          : undefined
        if (!kept) throw tenantErrors('tenants.not_found')
        mustOwn({ actor, tenantId: id, level: kept.level })
        await queries.restore(tx, id)
        // Starts bring live tenants up to the catalogue, and may have passed this one by.
        await roles.seed(tx, { idsAreNames: false })
        await bus.publish(tx, ACTORS_CHANGED, { tenantId: id })
        await bus.publish(tx, ACTORS_CHANGED, { userId: actor.userId })
        const { name, slug } = kept
        const deed = { action: 'tenants.restore', targetType: 'tenant', targetId: id, changes: { name, slug } }
        audit.record(tx, actor, deed, facts)
        return toTenant((await enter(tx, actor, id)).tenant)
      })
    },

    async purge(id, actor, facts) {
      if (!(await purge(id, actor, facts))) throw tenantErrors('tenants.not_found')
    },

    purgeExpired: () => purgeExpired(),

    defineJobs: () =>
      jobs.define({
        ...purgeTenantsJob,
        handler: async ({ signal }) => ({ purged: await purgeExpired(signal) }),
      }),
  }
}
