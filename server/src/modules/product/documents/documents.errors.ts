// What can go wrong with documents, beside what the way to them refuses.
import { defineErrors } from '../../../core/errors.ts'

export const documentErrors = defineErrors({
  'documents.too_large': { kind: 'too_large', message: 'A document holds 1 MiB of text at most.' },
  'documents.changed_meanwhile': {
    kind: 'stale',
    message: 'The document was changed by somebody else. Read it again.',
  },
  'documents.revision_not_found': { kind: 'not_found', message: 'There is no such revision of this document.' },
})
