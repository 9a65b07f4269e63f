// Jobs as people read them. Row security does not guard the queue's tables: every statement says whose jobs it is about.
import { type Executor, empty, type Sql, sql, where } from '../../../drivers/database/index.ts'
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
  /** The list's default sort key, exact to the microsecond. */
  place: string
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
  started_on AS "startedAt", completed_on AS "finishedAt", created_on::text AS place`
const WHOLE = sql`${SUMMARY}, data -> 'payload' AS payload, output -> 'result' AS result, data -> 'attempts' AS history,
  expire_seconds AS "timeoutSeconds", heartbeat_on AS "heartbeatAt"`

const SORT_COLUMNS: Record<(typeof SORT_KEYS)[number], Sql> = {
  createdAt: sql`created_on`,
  startedAt: sql`started_on`,
  finishedAt: sql`completed_on`,
}

export interface PagePlace {
  limit: number
  offset: number
  /** Where the last page ended, in the default order. */
  after: readonly [string, string] | undefined
}

export function list(db: Executor, owner: JobOwner, query: JobQuery, place: PagePlace): Promise<JobRow[]> {
  const { limit, offset, after } = place
  const [direction, past] = query.sortOrder === 'asc' ? [sql`ASC`, sql`>`] : [sql`DESC`, sql`<`]
  const beyond = after && sql`(created_on, id) ${past} (${after[0]}::timestamptz, ${after[1]}::uuid)`
  const key = query.sortBy ?? 'createdAt'
  // A job that has not come so far stands last in either direction.
  const unset = key === 'createdAt' ? empty : sql`NULLS LAST`
  return db.query<JobRow>(sql`
    SELECT ${SUMMARY} FROM pgboss.job ${where([...filters(owner, query), beyond])}
    ORDER BY ${SORT_COLUMNS[key]} ${direction} ${unset}, id ${direction} LIMIT ${limit} OFFSET ${offset}`)
}

export async function count(db: Executor, owner: JobOwner, query: JobQuery): Promise<number> {
  const row = await db.one<{ total: number }>(
    sql`SELECT count(*) AS total FROM pgboss.job ${where(filters(owner, query))}`,
  )
  return row?.total ?? 0
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
