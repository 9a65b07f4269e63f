// Jobs as people read them. Row security does not guard the queue's tables: every statement says whose jobs it is about.
import type { PagePlace, Placed } from '../../../core/page.ts'
import {
  countUpTo,
  type Executor,
  ordering,
  type SortKey,
  type Sql,
  sql,
  where,
} from '../../../drivers/database/index.ts'
import { isJobId, type JobOwner, ownedBy } from '../../../drivers/queue/index.ts'
import type { JobQuery, JobState, SORT_KEYS } from './jobs.schema.ts'

export interface JobRow {
  id: string
  name: string
  state: JobState
  priority: number
  /** How many tries have begun. */
  attempts: number
  maxAttempts: number
  progress: { fraction: number; note: string | null; at: string } | null
  error: string | null
  createdAt: Date
  startAt: Date
  startedAt: Date | null
  finishedAt: Date | null
}

export interface WholeJobRow extends JobRow {
  payload: unknown
  result: Record<string, unknown> | null
  history: { attempt: number; startedAt: string | null; endedAt: string; error: string | null }[] | null
  timeoutSeconds: number
  heartbeatAt: Date | null
}

const STATE = sql`CASE state WHEN 'created' THEN CASE WHEN start_after > now() THEN 'delayed' ELSE 'waiting' END
  WHEN 'retry' THEN 'retrying' ELSE state::text END`
const SUMMARY = sql`id, name, ${STATE} AS state, priority, retry_count + (started_on IS NOT NULL)::int AS attempts,
  retry_limit + 1 AS "maxAttempts", CASE WHEN state = 'active' THEN output -> 'progress' END AS progress,
  COALESCE(output ->> 'message', output -> 'value' ->> 'message') AS error, created_on AS "createdAt", start_after AS "startAt",
  started_on AS "startedAt", completed_on AS "finishedAt"`
const WHOLE = sql`${SUMMARY}, data -> 'payload' AS payload, output -> 'result' AS result, data -> 'attempts' AS history,
  expire_seconds AS "timeoutSeconds", heartbeat_on AS "heartbeatAt"`

const SORT: Record<(typeof SORT_KEYS)[number], SortKey> = {
  createdAt: { column: sql`created_on`, type: 'timestamptz' },
  startedAt: { column: sql`started_on`, type: 'timestamptz', nullsLast: true },
  finishedAt: { column: sql`completed_on`, type: 'timestamptz', nullsLast: true },
}

export function list(
  db: Executor,
  owner: JobOwner,
  query: JobQuery,
  { limit, offset, after }: PagePlace,
): Promise<(JobRow & Placed)[]> {
  const order = ordering(SORT[query.sortBy ?? 'createdAt'], sql`id`, query.sortOrder ?? 'desc')
  return db.query<JobRow & Placed>(sql`
    SELECT ${SUMMARY}, ${order.place} FROM pgboss.job ${where([...filters(owner, query), order.past(after)])}
    ${order.by} LIMIT ${limit} OFFSET ${offset}`)
}

export function count(db: Executor, owner: JobOwner, query: JobQuery): Promise<number> {
  return countUpTo(db, sql`FROM pgboss.job ${where(filters(owner, query))}`)
}

export async function find(db: Executor, owner: JobOwner, id: string): Promise<WholeJobRow | undefined> {
  if (!isJobId(id)) return undefined
  return db.one<WholeJobRow>(sql`SELECT ${WHOLE} FROM pgboss.job ${where([ownedBy(owner), sql`id = ${id}`])}`)
}

function filters(owner: JobOwner, { state, name, since, until }: JobQuery): (Sql | false)[] {
  return [
    ownedBy(owner),
    state !== undefined && sql`${STATE} = ${state}`,
    name !== undefined && sql`name = ${name}`,
    since !== undefined && sql`created_on >= ${since}`,
    until !== undefined && sql`created_on < ${until}`,
  ]
}
