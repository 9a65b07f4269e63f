// What can go wrong with jobs.
import { defineErrors } from '../../../core/errors.ts'

export const jobErrors = defineErrors({
  'jobs.not_found': { kind: 'not_found', message: 'There is no such job.' },
  'jobs.not_cancellable': { kind: 'conflict', message: 'This job is over: there is nothing to cancel.' },
  'jobs.not_retryable': {
    kind: 'conflict',
    message: 'Only a job that failed or was cancelled can be tried again.',
  },
})
