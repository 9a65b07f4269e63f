// The audit trail: recorded in the transaction of the change, and chained by hash in the chains of its tenant.
import { actorId, actorName, type Doer, type UserActor } from '../../../core/actor.ts'
import type { Deed } from '../../../core/events.ts'
import { newId } from '../../../core/ids.ts'
import { decodeCursor, encodeCursor, type Page, pageOf } from '../../../core/page.ts'
import { collecting, type Database, type Tx } from '../../../drivers/database/index.ts'
import { type RequestFacts, Streamed } from '../../../drivers/http/index.ts'
import type { Jobs } from '../../../drivers/queue/index.ts'
import type { Events } from '../events/index.ts'
import { auditErrors } from './audit.errors.ts'
import * as queries from './audit.queries.ts'
import {
  type AuditEntry,
  type AuditExportQuery,
  type AuditFilter,
  type AuditQuery,
  type AuditVerdict,
  toAuditEntry,
  toAuditVerdict,
} from './audit.schema.ts'
import { formats } from './export.ts'
import { forgetAuditJob, forgetExpired } from './retention.ts'

export interface Audit {
  /**
   * Adds an entry to the tenant of the transaction. Entries are written just before COMMIT, so that a chain's lock is
   * held for one statement; if they cannot be written, the change is undone. Events that say they follow from the deed are
   * published with it.
   */
  record(tx: Tx, actor: Doer, deed: Deed, facts?: RequestFacts): void
  list(actor: UserActor, query: AuditQuery): Promise<Page<AuditEntry>>
  /** All entries that the filters let through, newest first, as a file that is written while it is read. It is itself recorded. */
  export(actor: UserActor, query: AuditExportQuery, facts: RequestFacts): Promise<Streamed>
  /** Reads all chains of a tenant and says where one is first broken: changed, missing, or cut off at an end. */
  verify(tenantId: string): Promise<AuditVerdict>
  /** The same for every tenant, deleted ones included, or for the one with this id or slug; for the operator. */
  verifyEvery(only?: string): AsyncGenerator<AuditVerdict & { tenantId: string }>
  /** Forgets what is older than the retention, in every tenant; answers how many entries. */
  forgetExpired(): Promise<number>
  /** Makes the daily forgetting known to this process. */
  defineJobs(): void
}

export interface AuditParts {
  database: Pick<Database, 'tenant' | 'inTenant' | 'global' | 'acrossTenants'>
  jobs: Pick<Jobs, 'define'>
  events: Pick<Events, 'follow'>
  options: {
    /** How long entries are kept; 0 for ever. */
    retentionSeconds: number
  }
}

/** How many entries an export reads at a time. */
const EXPORTED_AT_ONCE = 1_000

export function createAudit({ database, jobs, events, options }: AuditParts): Audit {
  const collect = collecting(queries.append)
  const verifying = new Map<string, Promise<queries.ChainRow>>()

  async function* pages(tenantId: string, filter: AuditFilter): AsyncGenerator<AuditEntry[]> {
    const db = database.tenant(tenantId)
    let after: queries.Place | undefined
    do {
      const rows = await queries.list(db, filter, EXPORTED_AT_ONCE, 0, after)
      after = rows.length === EXPORTED_AT_ONCE ? placeOf(rows.at(-1)!) : undefined
      yield rows.map(toAuditEntry)
    } while (after)
  }

  const audit: Audit = {
    record(tx, actor, deed, facts) {
      collect(tx, toEntry(actor, deed, facts))
      events.follow(tx, actor, deed)
    },

    async list(actor, query) {
      const db = database.tenant(actor.tenantId)
      const request = { page: query.page ?? 1, limit: query.limit ?? 10 }
      const after = query.cursor ? decodeCursor(query.cursor, ['time', 'number', 'number']) : undefined
      const offset = after ? 0 : (request.page - 1) * request.limit
      const [rows, total] = await Promise.all([
        queries.list(db, query, request.limit, offset, after),
        queries.count(db, query),
      ])
      const last = rows.at(-1)
      const next = rows.length === request.limit && last ? encodeCursor(placeOf(last)) : undefined
      return pageOf(rows.map(toAuditEntry), total, request, next)
    },

    async export(actor, { format = 'csv', ...filter }, facts) {
      await database.inTenant(actor.tenantId, async (tx) => {
        const deed = { action: 'audit.export', targetType: 'tenant', targetId: actor.tenantId }
        audit.record(tx, actor, { ...deed, changes: { format, ...filter } }, facts)
      })
      const { type, head, lines } = formats[format]
      async function* content() {
        if (head) yield head
        for await (const entries of pages(actor.tenantId, filter)) if (entries.length) yield lines(entries)
      }
      return new Streamed(type, `audit-${new Date().toISOString().slice(0, 10)}.${format}`, content())
    },

    async verify(tenantId) {
      // However many ask, the trail is read once at a time.
      const running = verifying.get(tenantId) ?? queries.verify(database.tenant(tenantId), tenantId)
      verifying.set(tenantId, running)
      try {
        return toAuditVerdict(await running)
      } catch (error) {
        const { cause } = error as { cause?: { code?: string } }
        throw cause?.code === STATEMENT_TIMEOUT ? auditErrors('audit.trail_too_long', { cause: error }) : error
      } finally {
        verifying.delete(tenantId)
      }
    },

    async *verifyEvery(only) {
      for (const { id } of await queries.listTenants(database.global, only)) {
        const row = await database.acrossTenants('the audit chains of a tenant', (tx) =>
          queries.verifyPatiently(tx, id),
        )
        yield { tenantId: id, ...toAuditVerdict(row) }
      }
    },

    forgetExpired: () => forgetExpired({ database, audit, ...options }),

    defineJobs: () =>
      jobs.define({
        ...forgetAuditJob,
        handler: async ({ signal }) => ({ forgotten: await forgetExpired({ database, audit, ...options }, signal) }),
      }),
  }
  return audit
}

// PostgreSQL's query_canceled.
const STATEMENT_TIMEOUT = '57014'

const placeOf = ({ moment, chain, seq }: queries.AuditRow): queries.Place => [moment, chain, seq]

function toEntry(actor: Doer, deed: Deed, facts: RequestFacts | undefined): queries.NewEntry {
  return {
    id: newId(),
    actor: actorName(actor),
    actorId: actorId(actor),
    tokenId: actor.kind === 'user' ? (actor.tokenId ?? null) : null,
    sessionId: actor.kind === 'user' || actor.kind === 'admin' ? (actor.sessionId ?? null) : null,
    action: deed.action,
    targetType: deed.targetType,
    targetId: deed.targetId,
    changes: deed.changes ?? null,
    ip: facts?.ip ?? null,
    requestId: facts?.requestId ?? null,
  }
}
