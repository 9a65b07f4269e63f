// What can go wrong with files, beside what the way to them and the storage refuse.
import { defineErrors } from '../../../core/errors.ts'

export const fileErrors = defineErrors({
  'files.type_refused': { kind: 'unsupported_media', message: 'Files of this type are not taken here.' },
  'files.type_mismatch': {
    kind: 'unsupported_media',
    message: 'The content of the file is not what its name says it is.',
  },
  'files.picture_too_large': {
    kind: 'invalid',
    message: 'This picture would be larger, unpacked, than any that is taken here.',
  },
  'files.no_thumbnail': { kind: 'not_found', message: 'There is no small picture of this file, or not yet.' },
  'files.no_content': { kind: 'not_found', message: 'The content of this file is not kept here.' },
  'files.range_not_satisfiable': { kind: 'range', message: 'The file does not reach that far.' },
  'files.name_taken': { kind: 'conflict', message: 'There is a file of this name in the same place.' },
  'files.changed_meanwhile': { kind: 'stale', message: 'The file was changed by somebody else. Read it again.' },
})
