// What tenants chose about language models, from memory: every question asks for it.
import { AI_SETTINGS_CHANGED } from '../../../../core/topics.ts'
import { createCache } from '../../../../drivers/bus/index.ts'
import * as queries from '../settings.queries.ts'
import type { AiParts } from './parts.ts'

/** What a tenant chose; undefined where it never did. A change is known to every process at once. */
export type ChosenBy = (tenantId: string) => Promise<queries.SettingsRow | undefined>

export function createChosen({ database, bus, clock }: Pick<AiParts, 'database' | 'bus' | 'clock'>): ChosenBy {
  const cache = createCache<{ row: queries.SettingsRow | undefined }>({
    clock,
    believedMs: 30_000,
    maxEntries: 20_000,
    fresh: () => bus.connected(),
  })
  bus.subscribe(AI_SETTINGS_CHANGED, (message) => cache.forget(message))
  bus.onGap(() => cache.clear())
  return async (tenantId) => {
    const load = async () => ({ value: { row: await queries.find(database.tenant(tenantId)) }, names: [tenantId] })
    return (await cache.get(tenantId, load)).row
  }
}
