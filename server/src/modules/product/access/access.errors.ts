// What can go wrong on the way to content. An item that one has no access to is one that is not there.
import { defineErrors } from '../../../core/errors.ts'

export const accessErrors = defineErrors({
  'documents.not_found': { kind: 'not_found', message: 'There is no such document.' },
  'files.not_found': { kind: 'not_found', message: 'There is no such file.' },
  'folders.not_found': { kind: 'not_found', message: 'There is no such folder.' },
  'content.level_too_low': { kind: 'forbidden', message: 'What is shared with you does not reach that far.' },
  'content.link_invalid': { kind: 'forbidden', message: 'This link is not valid, or not any more.' },
  'content.link_needs_session': {
    kind: 'forbidden',
    message: 'Links are made by people who are signed in; a token reads the content itself.',
  },
})

/** The refusals of every verb on an item of a kind. */
export const CONTENT_ERRORS = {
  document: ['documents.not_found', 'content.level_too_low'],
  file: ['files.not_found', 'content.level_too_low'],
  folder: ['folders.not_found', 'content.level_too_low'],
} as const
