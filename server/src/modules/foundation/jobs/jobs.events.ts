// What becomes of jobs that did not do what they were for.
import Type from 'typebox'
import type { Doer } from '../../../core/actor.ts'
import { type Deed, defineEvent } from '../../../core/events.ts'

const aggregate = 'job'
const schema = Type.Object({ name: Type.String({ description: 'The kind of job.', examples: ['mail.deliver'] }) })
const live = { permission: 'jobs:view' }
/** What the back office does is done to jobs of the installation, of which tenants hear nothing. */
const kind = ({ changes }: Deed, doer: Doer) => (doer.kind === 'user' ? { name: String(changes?.name) } : undefined)

export const JobFailed = defineEvent({
  name: 'jobs.failed',
  aggregate,
  summary: 'A job was given up: no try of it succeeded.',
  schema,
  live,
})

export const jobEvents = [
  JobFailed,
  defineEvent({
    name: 'jobs.cancelled',
    aggregate,
    summary: 'Somebody cancelled a job.',
    schema,
    live,
    follows: { 'jobs.cancel': kind },
  }),
  defineEvent({
    name: 'jobs.retried',
    aggregate,
    summary: 'Somebody had a job tried again.',
    schema,
    live,
    follows: { 'jobs.retry': kind },
  }),
]
