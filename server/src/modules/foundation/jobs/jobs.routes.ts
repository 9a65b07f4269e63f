// Jobs over HTTP: those of a tenant for its people, those of the installation for the back office.
import { IdParams, pageAnswer, type Route, route } from '../../../drivers/http/index.ts'
import { Job, JobDetails, JobQuery, Schedule } from './jobs.schema.ts'
import type { JobDesk } from './jobs.service.ts'

const RETRY = 'Try a job again that failed or was cancelled'
const CANCEL = 'Cancel a job that is not over'
const CANCEL_DETAILS =
  'One that runs is told within seconds, on whatever node it runs, and neither completes nor commits a transaction of the run any more.'

export function jobRoutes(desk: JobDesk): Route[] {
  return [
    route({
      method: 'GET',
      path: '/jobs',
      operation: 'jobs.list',
      access: 'jobs:view',
      summary: 'List the jobs of the tenant, newest first',
      description: 'The total counts to 10,000.',
      query: JobQuery,
      answer: pageAnswer(Job),
      handle: ({ actor, query }) => desk.list(actor, query),
    }),
    route({
      method: 'GET',
      path: '/jobs/schedules',
      operation: 'jobs.schedules',
      access: 'jobs:view',
      summary: 'List what the installation runs by the clock',
      answer: pageAnswer(Schedule),
      handle: () => desk.schedules(),
    }),
    route({
      method: 'GET',
      path: '/jobs/:id',
      operation: 'jobs.get',
      access: 'jobs:view',
      summary: 'Read a job, its progress and its failed tries',
      params: IdParams('job'),
      answer: JobDetails,
      errors: ['jobs.not_found'],
      handle: ({ actor, params }) => desk.get(actor, params.id),
    }),
    route({
      method: 'POST',
      path: '/jobs/:id/retry',
      operation: 'jobs.retry',
      access: 'jobs:manage',
      summary: RETRY,
      params: IdParams('job'),
      answer: JobDetails,
      errors: ['jobs.not_found', 'jobs.not_retryable'],
      handle: ({ actor, params, facts }) => desk.retry(actor, params.id, facts),
    }),
    route({
      method: 'POST',
      path: '/jobs/:id/cancel',
      operation: 'jobs.cancel',
      access: 'jobs:manage',
      summary: CANCEL,
      description: CANCEL_DETAILS,
      params: IdParams('job'),
      answer: JobDetails,
      errors: ['jobs.not_found', 'jobs.not_cancellable'],
      handle: ({ actor, params, facts }) => desk.cancel(actor, params.id, facts),
    }),
  ]
}

/** The same for the jobs that no tenant has. */
export function adminJobRoutes(desk: JobDesk): Route[] {
  return [
    route({
      method: 'GET',
      path: '/admin/jobs',
      operation: 'adminJobs.list',
      access: 'admin',
      summary: 'List the jobs of the installation, newest first',
      query: JobQuery,
      answer: pageAnswer(Job),
      handle: ({ actor, query }) => desk.list(actor, query),
    }),
    route({
      method: 'GET',
      path: '/admin/jobs/:id',
      operation: 'adminJobs.get',
      access: 'admin',
      summary: 'Read a job of the installation',
      params: IdParams('job'),
      answer: JobDetails,
      errors: ['jobs.not_found'],
      handle: ({ actor, params }) => desk.get(actor, params.id),
    }),
    route({
      method: 'POST',
      path: '/admin/jobs/:id/retry',
      operation: 'adminJobs.retry',
      access: 'admin',
      summary: `${RETRY}: of the installation`,
      params: IdParams('job'),
      answer: JobDetails,
      errors: ['jobs.not_found', 'jobs.not_retryable'],
      handle: ({ actor, params, facts }) => desk.retry(actor, params.id, facts),
    }),
    route({
      method: 'POST',
      path: '/admin/jobs/:id/cancel',
      operation: 'adminJobs.cancel',
      access: 'admin',
      summary: `${CANCEL}: of the installation`,
      description: CANCEL_DETAILS,
      params: IdParams('job'),
      answer: JobDetails,
      errors: ['jobs.not_found', 'jobs.not_cancellable'],
      handle: ({ actor, params, facts }) => desk.cancel(actor, params.id, facts),
    }),
  ]
}
