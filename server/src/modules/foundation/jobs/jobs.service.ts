// Jobs for people: what waits, runs and went wrong in a tenant, or in the installation; cancelled, and tried again.
import type { Actor, AdminActor, UserActor } from '../../../core/actor.ts'
import { type Page, pageAt, pageOf, unknownCursor } from '../../../core/page.ts'
import type { Database } from '../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../drivers/http/index.ts'
import { isJobId, type JobOwner, type Jobs, listSchedules } from '../../../drivers/queue/index.ts'
import type { Audit } from '../audit/index.ts'
import type { Events } from '../events/index.ts'
import { jobErrors } from './jobs.errors.ts'
import { JobFailed } from './jobs.events.ts'
import * as queries from './jobs.queries.ts'
import {
  type Job,
  type JobDetails,
  type JobQuery,
  type Schedule,
  toJob,
  toJobDetails,
  toSchedule,
} from './jobs.schema.ts'

/** A person sees and changes the jobs of the tenant in which the person acts; an administrator those that no tenant has. */
type Reader = UserActor | AdminActor

export interface JobDesk {
  list(actor: Reader, query: JobQuery): Promise<Page<Job>>
  get(actor: Reader, id: string): Promise<JobDetails>
  /** Ends a job that is not over; a running one is told within seconds and cannot complete any more. */
  cancel(actor: Reader, id: string, facts: RequestFacts): Promise<JobDetails>
  /** Gives a job that failed or was cancelled all its tries again. */
  retry(actor: Reader, id: string, facts: RequestFacts): Promise<JobDetails>
  /** What the installation runs by the clock: the same for everybody. */
  schedules(): Promise<Page<Schedule>>
}

export interface JobDeskParts {
  database: Pick<Database, 'global' | 'inTenant'>
  jobs: Pick<Jobs, 'cancel' | 'retry' | 'onGivenUp'>
  audit: Pick<Audit, 'record'>
  events: Pick<Events, 'publish' | 'hasSubscriber'>
  /** The tenant whose audit trail tells what was done to the installation. */
  homeTenantId: string
}

export function createJobDesk({ database, jobs, audit, events, homeTenantId }: JobDeskParts): JobDesk {
  jobs.onGivenUp((tx, { id, name }) => {
    // A subscriber of just this would be told of its own failures for ever.
    if (events.hasSubscriber(JobFailed, name)) return
    events.publish(tx, JobFailed, { aggregateId: id, payload: { name }, actor: { kind: 'system', name: 'jobs' } })
  })

  async function get(actor: Reader, id: string): Promise<JobDetails> {
    const row = await queries.find(database.global, ownerOf(actor), id)
    if (!row) throw jobErrors('jobs.not_found')
    return toJobDetails(row)
  }

  async function change(verb: 'cancel' | 'retry', actor: Reader, id: string, facts: RequestFacts): Promise<JobDetails> {
    const owner = ownerOf(actor)
    await database.inTenant(owner ?? homeTenantId, async (tx) => {
      const change = await jobs[verb](tx, owner, id)
      if (change.outcome === 'absent') throw jobErrors('jobs.not_found')
      if (change.outcome === 'refused')
        throw jobErrors(verb === 'cancel' ? 'jobs.not_cancellable' : 'jobs.not_retryable', {
          ...(change.reason !== undefined && { message: change.reason }),
        })
      const deed = { action: `jobs.${verb}`, targetType: 'job', targetId: id, changes: { name: change.name } }
      audit.record(tx, actor satisfies Actor, deed, facts)
    })
    return get(actor, id)
  }

  return {
    async list(actor, query) {
      const owner = ownerOf(actor)
      const page = pageAt(query, (query.sortBy ?? 'createdAt') === 'createdAt' ? 'time' : undefined)
      const { after } = page.place
      if (after && !isJobId(after[1])) throw unknownCursor('This is not a cursor that this list gave.')
      const [rows, total] = await Promise.all([
        queries.list(database.global, owner, query, page.place),
        queries.count(database.global, owner, query),
      ])
      return page.answer(rows, total, toJob)
    },
    get,
    cancel: (actor, id, facts) => change('cancel', actor, id, facts),
    retry: (actor, id, facts) => change('retry', actor, id, facts),
    async schedules() {
      const rows = await listSchedules(database.global)
      return pageOf(rows.map(toSchedule), rows.length, { page: 1, limit: Math.max(rows.length, 1) })
    },
  }
}

const ownerOf = (actor: Reader): JobOwner => (actor.kind === 'user' ? actor.tenantId : null)
