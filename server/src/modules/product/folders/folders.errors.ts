// What can go wrong with folders, beside what the way to them refuses.
import { defineErrors } from '../../../core/errors.ts'

export const folderErrors = defineErrors({
  'folders.name_taken': { kind: 'conflict', message: 'There is a folder of this name in the same place.' },
  'folders.into_itself': { kind: 'conflict', message: 'A folder cannot be moved into itself or below.' },
  'folders.too_deep': { kind: 'conflict', message: 'Folders lie in each other 32 deep at most.' },
  'folders.full': {
    kind: 'conflict',
    message: 'A folder holds 10,000 folders, documents and files at most: make another one in it.',
  },
  'folders.too_many': { kind: 'conflict', message: 'There are too many folders for one tree: read it place by place.' },
  'folders.too_many_to_zip': {
    kind: 'conflict',
    message: 'Too much lies in this folder for one archive: take its folders one by one.',
  },
  'folders.deleted_with_another': {
    kind: 'conflict',
    message: 'This folder was deleted with one above it. Restore that one.',
  },
  'folders.changed_meanwhile': { kind: 'stale', message: 'The folder was changed by somebody else. Read it again.' },
})
