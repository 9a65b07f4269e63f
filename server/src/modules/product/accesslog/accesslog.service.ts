// Who read what: noted on the way, written a moment later and many at once, read by owners, forgotten after a time.
import { newId } from '../../../core/ids.ts'
import { type Page, pageAt } from '../../../core/page.ts'
import type { Database, Executor } from '../../../drivers/database/index.ts'
import { inEveryTenant, type Jobs, nightlyJob } from '../../../drivers/queue/index.ts'
import type { Log } from '../../../drivers/telemetry/log.ts'
import * as queries from './accesslog.queries.ts'
import { type AccessEntry, type AccessQuery, toEntry } from './accesslog.schema.ts'

/** What somebody did, and from where. */
export interface Access extends queries.Item {
  action: 'view' | 'download'
  userId?: string
  linkId?: string
  ip: string
  userAgent: string
}

export interface AccessLog {
  /** Notes an access in passing: nothing waits for it. */
  note(tenantId: string, access: Access): void
  /** The same for what one reader asks for many times, parts of a file above all: once an hour is enough. */
  noteOnce(tenantId: string, access: Access): void
  /** What was noted about an item, the latest first. The caller has asked whether the reader may. */
  list(db: Executor, item: queries.Item, query: AccessQuery): Promise<Page<AccessEntry>>
  /** Writes what this process has noted up to now. */
  settle(): Promise<void>
  /** Forgets what is older than it is kept, in every tenant; answers how much. */
  forgetExpired(signal?: AbortSignal): Promise<number>
  /** Makes the nightly forgetting known to this process. */
  defineJobs(): void
}

export interface AccessLogParts {
  database: Pick<Database, 'global' | 'tenant' | 'inTenant'>
  jobs: Pick<Jobs, 'define'>
  log: Log
  options: {
    /** How long accesses are remembered. */
    accessLogSeconds: number
  }
}

export const forgetAccessesJob = nightlyJob('accesslog.forget', '29 4 * * *')

const WRITTEN_AFTER_MS = 500
/** So many are written at once, and so many wait at most: where the database does not follow, the rest is lost and said to be. */
const AT_ONCE = 500
const MOST_WAITING = 20_000
const BATCH = 5_000
const ONCE_MS = 3_600_000
const MOST_READERS = 20_000

export function createAccessLog({ database, jobs, log, options }: AccessLogParts): AccessLog {
  let waiting = new Map<string, queries.NewAccess[]>()
  let count = 0
  let lost = 0
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()
  const lately = new Map<string, number>()

  function note(tenantId: string, access: Access): void {
    if (count >= MOST_WAITING) {
      lost++
      return
    }
    const rows = waiting.get(tenantId) ?? []
    waiting.set(tenantId, rows)
    const { userId = null, linkId = null } = access
    rows.push({ ...access, id: newId(), userId, linkId, accessedAt: new Date() })
    count++
    timer ??= setTimeout(() => void settle(), WRITTEN_AFTER_MS).unref()
  }

  /** One after the other, so that a slow database is not asked for more and more connections. */
  function settle(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    writing = writing.then(write)
    return writing
  }

  async function write(): Promise<void> {
    const noted = waiting
    const missing = lost
    waiting = new Map()
    count = 0
    lost = 0
    if (missing > 0) log.warn({ lost: missing }, 'accesses were not written down: too many at once')
    for (const [tenantId, rows] of noted)
      for (let at = 0; at < rows.length; at += AT_ONCE)
        await queries
          .insert(database.tenant(tenantId), rows.slice(at, at + AT_ONCE))
          .catch((error: { code?: string }) =>
            log.warn({ tenant: tenantId, reason: error.code }, 'accesses were not written down'),
          )
  }

  const forgetExpired = (signal?: AbortSignal) =>
    inEveryTenant(database, signal, (id) => queries.forget(database.tenant(id), options.accessLogSeconds, BATCH))

  return {
    note,

    noteOnce(tenantId, access) {
      const { itemId, action, userId, linkId, ip, userAgent } = access
      const reader = [tenantId, itemId, action, userId, linkId, ip, userAgent].join('\n')
      const now = Date.now()
      if ((lately.get(reader) ?? 0) > now - ONCE_MS) return
      // In the order of time: the first ones are those to forget.
      lately.delete(reader)
      lately.set(reader, now)
      if (lately.size > MOST_READERS) lately.delete(lately.keys().next().value!)
      note(tenantId, access)
    },

    async list(db, item, query) {
      const page = pageAt(query, 'time')
      const [rows, total] = await Promise.all([queries.list(db, item, page.place), queries.count(db, item)])
      return page.answer(rows, total, toEntry)
    },

    settle,
    forgetExpired,
    defineJobs: () =>
      jobs.define({
        ...forgetAccessesJob,
        handler: async ({ signal }) => ({ forgotten: await forgetExpired(signal) }),
      }),
  }
}
