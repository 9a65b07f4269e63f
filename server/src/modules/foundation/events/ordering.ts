// The order of a tenant's events: numbered after COMMIT by whoever gets to it first, so that no writer waits for another.
import { setTimeout as sleep } from 'node:timers/promises'
import { EVENTS_PUBLISHED } from '../../../core/topics.ts'
import type { Bus } from '../../../drivers/bus/index.ts'
import type { Database } from '../../../drivers/database/index.ts'
import type { Log } from '../../../drivers/telemetry/log.ts'
import * as queries from './events.queries.ts'
import type { Subscriptions } from './subscriptions.ts'

export interface Ordering {
  /** Numbers what was committed in the tenant, hands it to its subscribers, and tells every node. Never throws. */
  order(tenantId: string): void
  /** Numbers what nobody did: its process died right after COMMIT, or had ended its connections. */
  orderRest(tenantIds?: string[]): Promise<void>
}

export interface OrderingParts {
  database: Pick<Database, 'tenant' | 'inTenant' | 'acrossTenants'>
  bus: Pick<Bus, 'tell'>
  log: Log
  subscriptions: Pick<Subscriptions, 'all' | 'release'>
}

/** How many events get their place at once. */
const NUMBERED_AT_ONCE = 1_000
/** What commits within this time after others of its tenant has its place with them: one COMMIT more for all. */
const PAUSE_MS = 10
/** Ids of tenants in one message, which holds 8 kB. */
const TOLD_AT_ONCE = 200

export function createOrdering({ database, bus, log, subscriptions }: OrderingParts): Ordering {
  // True: something was committed since its events were looked for.
  const wanted = new Map<string, boolean>()
  const untold = new Set<string>()

  function tell(): void {
    const tenantIds = [...untold]
    untold.clear()
    for (let at = 0; at < tenantIds.length; at += TOLD_AT_ONCE)
      bus.tell(EVENTS_PUBLISHED, { tenantIds: tenantIds.slice(at, at + TOLD_AT_ONCE).join(' ') })
  }

  /** All tenants of one turn of the event loop are told of at once. */
  function announce(tenantId: string): void {
    if (untold.size === 0) setImmediate(tell)
    untold.add(tenantId)
  }

  function number(tenantId: string): Promise<number> {
    const asked = subscriptions.all()
    // Without subscribers it is one statement.
    if (asked.length === 0) return queries.number(database.tenant(tenantId), NUMBERED_AT_ONCE)
    return database.inTenant(tenantId, async (tx) => {
      const numbered = await queries.number(tx, NUMBERED_AT_ONCE)
      if (numbered === 0) return 0
      const eventIds = await queries.owe(tx, numbered, asked)
      if (eventIds.length > 0) await subscriptions.release(tx, eventIds)
      return numbered
    })
  }

  async function work(tenantId: string): Promise<void> {
    try {
      while (wanted.get(tenantId)) {
        wanted.set(tenantId, false)
        const numbered = await number(tenantId)
        if (numbered > 0) announce(tenantId)
        if (numbered === NUMBERED_AT_ONCE) wanted.set(tenantId, true)
        else await sleep(PAUSE_MS)
      }
    } catch (error) {
      log.warn({ tenantId, reason: (error as Error).message }, 'events have no place in their order yet')
    } finally {
      wanted.delete(tenantId)
    }
  }

  function order(tenantId: string): void {
    const isUnderWay = wanted.has(tenantId)
    wanted.set(tenantId, true)
    if (!isUnderWay) void work(tenantId)
  }

  return {
    order,
    async orderRest(tenantIds) {
      for (const { tenantId } of await queries.listUnnumbered(database, tenantIds)) order(tenantId)
    },
  }
}
