// What can go wrong on the way to content. An item that one has no access to is one that is not there.
import { defineErrors } from '../../../core/errors.ts'

export const accessErrors = defineErrors({
  'documents.not_found': { kind: 'not_found', message: 'There is no such document.' },
  'files.not_found': { kind: 'not_found', message: 'There is no such file.' },
  'folders.not_found': { kind: 'not_found', message: 'There is no such folder.' },
  'content.level_too_low': { kind: 'forbidden', message: 'What is shared with you does not reach that far.' },
})

/** The refusals of every verb on an item of a kind. */
export const CONTENT_ERRORS = {
  document: ['documents.not_found', 'content.level_too_low'],
  file: ['files.not_found', 'content.level_too_low'],
  folder: ['folders.not_found', 'content.level_too_low'],
} as const
