// What is shown of jobs.
import Type, { type Static } from 'typebox'
import { IdOf, Nullable, OneOf, PageQuery, sorting, Timestamp } from '../../../drivers/http/index.ts'
import type { ScheduleRow } from '../../../drivers/queue/index.ts'
import type { JobRow, WholeJobRow } from './jobs.queries.ts'

const STATES = ['waiting', 'delayed', 'active', 'retrying', 'completed', 'failed', 'cancelled'] as const
export type JobState = (typeof STATES)[number]

const State = OneOf(STATES, {
  description:
    'waiting: its turn comes; delayed: not before startAt; active: being worked on; retrying: a try failed, or somebody asked for another, and the next comes at startAt; completed; failed: given up; cancelled.',
})
const Name = Type.String({ minLength: 1, maxLength: 100, examples: ['mail.deliver'] })

const Progress = Type.Object({
  fraction: Type.Number({ description: 'From 0 to 1.' }),
  note: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
  at: Timestamp,
})

export const Job = Type.Object({
  id: IdOf('job'),
  name: Name,
  state: State,
  priority: Type.Integer({ description: 'Among the waiting jobs of its name the highest comes first.' }),
  attempts: Type.Integer({ description: 'How many tries have begun.' }),
  maxAttempts: Type.Integer(),
  progress: Nullable(Progress),
  error: Nullable(Type.String({ description: 'Why the last try failed.' })),
  createdAt: Timestamp,
  startAt: Timestamp,
  startedAt: Nullable(Timestamp),
  finishedAt: Nullable(Timestamp),
})
export type Job = Static<typeof Job>

const Attempt = Type.Object({
  attempt: Type.Integer({ description: 'From 1.' }),
  startedAt: Nullable(Timestamp),
  endedAt: Timestamp,
  error: Nullable(Type.String()),
})

const Words = { type: 'object', additionalProperties: true }

export const JobDetails = Type.Object({
  ...Job.properties,
  payload: Type.Unsafe<Record<string, unknown>>({
    ...Words,
    description: 'The ids that the job was told, and nothing else of it.',
    examples: [{ mailId: 'cmi8z2n4w0q5t1v7x3y9b6d2' }],
  }),
  result: Type.Unsafe<Record<string, unknown> | null>({ ...Words, type: ['object', 'null'] }),
  history: Type.Array(Attempt, { description: 'The last 20 tries that failed, oldest first.' }),
  timeoutSeconds: Type.Integer({ description: 'How long one try may take.' }),
  heartbeatAt: Nullable(Timestamp),
})
export type JobDetails = Static<typeof JobDetails>

export const SORT_KEYS = ['createdAt', 'startedAt', 'finishedAt'] as const

export const JobQuery = Type.Object({
  page: PageQuery.page,
  limit: PageQuery.limit,
  cursor: PageQuery.cursor,
  ...sorting(SORT_KEYS, 'createdAt'),
  state: Type.Optional(State),
  name: Type.Optional(Name),
  since: Type.Optional(Timestamp),
  until: Type.Optional(Timestamp),
})
export type JobQuery = Static<typeof JobQuery>

export const Schedule = Type.Object({
  name: Name,
  cron: Type.String({ examples: ['17 3 * * *'] }),
  timeZone: Type.String({ examples: ['UTC'] }),
  nextAt: Timestamp,
  lastAt: Nullable(Timestamp),
})
export type Schedule = Static<typeof Schedule>

/** Every field of a job that leaves in lists. */
export function toJob(row: JobRow): Job {
  return {
    id: row.id,
    name: row.name,
    state: row.state,
    priority: row.priority,
    attempts: row.attempts,
    maxAttempts: row.maxAttempts,
    progress: row.progress,
    error: row.error,
    createdAt: row.createdAt.toISOString(),
    startAt: row.startAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
  }
}

/** Every field of one job that leaves. */
export function toJobDetails(row: WholeJobRow): JobDetails {
  return {
    ...toJob(row),
    payload: idsOf(row.payload),
    result: row.result,
    history: (row.history ?? []).map(({ attempt, startedAt, endedAt, error }) => ({
      attempt,
      startedAt: startedAt && new Date(startedAt).toISOString(),
      endedAt: new Date(endedAt).toISOString(),
      error,
    })),
    timeoutSeconds: row.timeoutSeconds,
    heartbeatAt: row.heartbeatAt?.toISOString() ?? null,
  }
}

/** Jobs are told ids, and sometimes what else a stranger sealed for them: only fields that are named as ids are shown. */
function idsOf(payload: unknown): Record<string, unknown> {
  if (payload === null || typeof payload !== 'object') return {}
  return Object.fromEntries(Object.entries(payload).filter(([key]) => /^ids?$|Ids?$/.test(key)))
}

export function toSchedule({ name, cron, timeZone, nextAt, lastAt }: ScheduleRow): Schedule {
  return { name, cron, timeZone, nextAt: nextAt.toISOString(), lastAt: lastAt?.toISOString() ?? null }
}
