// The audit trail: recorded in the transaction of the change, chained by hash, one chain a tenant.
import { actorName, type Doer, type UserActor } from '../../../core/actor.ts'
import type { Deed } from '../../../core/events.ts'
import { newId } from '../../../core/ids.ts'
import { decodeCursor, encodeCursor, type Page, pageOf } from '../../../core/page.ts'
import type { Database, Tx } from '../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../drivers/http/index.ts'
import type { Events } from '../events/index.ts'
import * as queries from './audit.queries.ts'
import { type AuditEntry, type AuditQuery, type AuditVerdict, toAuditEntry, toAuditVerdict } from './audit.schema.ts'

export interface Audit {
  /**
   * Adds an entry to the tenant of the transaction. Entries are written just before COMMIT, so that the chain's lock is
   * held for one statement; if they cannot be written, the change is undone. Events that say they follow from the deed are
   * published with it.
   */
  record(tx: Tx, actor: Doer, deed: Deed, facts?: RequestFacts): void
  list(actor: UserActor, query: AuditQuery): Promise<Page<AuditEntry>>
  /** Reads the whole chain of a tenant and says where it is first broken: changed, missing, or cut off at the end. */
  verify(tenantId: string): Promise<AuditVerdict>
  /** The same for every tenant, deleted ones included, or for the one with this id or slug; for the operator. */
  verifyEvery(only?: string): AsyncGenerator<AuditVerdict & { tenantId: string }>
}

export interface AuditParts {
  database: Pick<Database, 'tenant' | 'global' | 'acrossTenants'>
  events: Pick<Events, 'follow'>
}

export function createAudit({ database, events }: AuditParts): Audit {
  const pending = new WeakMap<Tx, queries.NewEntry[]>()

  return {
    record(tx, actor, deed, facts) {
      let entries = pending.get(tx)
      if (!entries) {
        entries = []
        pending.set(tx, entries)
        const collected = entries
        tx.beforeCommit(async () => {
          pending.delete(tx)
          await queries.append(tx, collected)
        })
      }
      entries.push(toEntry(actor, deed, facts))
      events.follow(tx, actor, deed)
    },

    async list(actor, query) {
      const db = database.tenant(actor.tenantId)
      const request = { page: query.page ?? 1, limit: query.limit ?? 10 }
      const [before] = query.cursor ? decodeCursor(query.cursor, ['number']) : []
      const offset = before === undefined ? (request.page - 1) * request.limit : 0
      const [rows, total] = await Promise.all([
        queries.list(db, query, request.limit, offset, before),
        queries.count(db, query),
      ])
      const last = rows.at(-1)
      const next = rows.length === request.limit && last && last.seq > 1 ? encodeCursor([last.seq]) : undefined
      return pageOf(rows.map(toAuditEntry), total, request, next)
    },

    verify: async (tenantId) => toAuditVerdict(await queries.verify(database.tenant(tenantId), tenantId)),

    async *verifyEvery(only) {
      for (const { id } of await queries.listTenants(database.global, only)) {
        const row = await database.acrossTenants('the audit chain of a tenant', (tx) => queries.verifyPatiently(tx, id))
        yield { tenantId: id, ...toAuditVerdict(row) }
      }
    },
  }
}

function toEntry(actor: Doer, deed: Deed, facts: RequestFacts | undefined): queries.NewEntry {
  return {
    id: newId(),
    actor: actorName(actor),
    actorId: actor.kind === 'user' ? actor.userId : actor.kind === 'admin' ? actor.adminId : null,
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
