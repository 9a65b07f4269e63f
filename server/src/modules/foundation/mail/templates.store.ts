// Tenants' templates from memory: what each tenant has, and the parsed ones that were used last.
import { type Clock, systemClock } from '../../../core/clock.ts'
import { ACTORS_CHANGED } from '../../../core/topics.ts'
import type { Bus } from '../../../drivers/bus/index.ts'
import type { Executor } from '../../../drivers/database/index.ts'
import * as queries from './templates.queries.ts'
import { type Compiled, compileSource } from './templating/compile.ts'

/** A tenant's templates changed: `{ tenantId }`. */
export const MAIL_TEMPLATES_CHANGED = 'mail.templates_changed'

type Summary = Awaited<ReturnType<typeof queries.summary>>

export interface TemplateStore {
  /** The language of the handle's tenant, and which templates it has. */
  summary(db: Executor): Promise<Summary>
  /** The tenant's own template in exactly that language. */
  compiled(db: Executor, name: string, locale: string): Promise<Compiled | undefined>
}

const MAX_TENANTS = 20_000
const MAX_COMPILED = 300
/** How long what was read is believed without a word from the bus, as a backstop. */
const BELIEVED_MS = 30_000

const NOTHING: Summary = { locale: null, templates: [] }

/** Without a bus nothing is kept. */
export function createStore(
  bus: Pick<Bus, 'connected' | 'onGap' | 'subscribe'> | undefined,
  clock: Clock = systemClock,
): TemplateStore {
  const known = new Map<string, { summary: Summary; at: number }>()
  const parsed = new Map<string, Compiled>()
  // What was being read while a message came may be older than the message: it is used and not kept.
  let epoch = 0
  const forget = (tenantId?: unknown) => {
    epoch++
    if (tenantId === undefined) known.clear()
    else known.delete(String(tenantId))
  }
  bus?.onGap(() => forget())
  for (const topic of [ACTORS_CHANGED, MAIL_TEMPLATES_CHANGED])
    bus?.subscribe(topic, ({ tenantId }) => {
      if (tenantId !== undefined) forget(tenantId)
    })

  async function summary(db: Executor): Promise<Summary> {
    if (db.tenantId === undefined) return NOTHING
    const entry = known.get(db.tenantId)
    if (entry && bus?.connected() && clock.now() - entry.at < BELIEVED_MS) return entry.summary
    const begun = epoch
    const read = await queries.summary(db)
    if (bus?.connected() && begun === epoch) keep(known, db.tenantId, { summary: read, at: clock.now() }, MAX_TENANTS)
    return read
  }

  return {
    summary,
    async compiled(db, name, locale) {
      const { templates } = await summary(db)
      const listed = templates.find((one) => one.name === name && one.locale === locale)
      if (!listed) return undefined
      const key = [db.tenantId, name, locale, listed.updatedAt.getTime()].join(' ')
      const before = parsed.get(key)
      if (before) {
        keep(parsed, key, before, MAX_COMPILED)
        return before
      }
      const row = await queries.find(db, name, locale)
      if (!row) return undefined
      const compiled = compileSource(name, row, false)
      if (row.updatedAt.getTime() === listed.updatedAt.getTime()) keep(parsed, key, compiled, MAX_COMPILED)
      return compiled
    },
  }
}

/** Puts an entry at the young end, and lets go of the oldest beyond the limit. */
function keep<T>(map: Map<string, T>, key: string, value: T, limit: number): void {
  map.delete(key)
  map.set(key, value)
  if (map.size > limit) map.delete(map.keys().next().value!)
}
