// What happens to folders.
import Type from 'typebox'
import { changedFields, defineEvent, nothingMore } from '../../../core/events.ts'

const aggregate = 'folder'
const live = { asked: 'whoever may read the folder' }
const Nothing = Type.Object({})

export const folderEvents = [
  defineEvent({
    name: 'folders.created',
    aggregate,
    summary: 'A folder was made.',
    schema: Nothing,
    live,
    follows: { 'folders.create': nothingMore },
  }),
  defineEvent({
    name: 'folders.updated',
    aggregate,
    summary: 'A folder was renamed, moved, or given to a team.',
    schema: Type.Object({
      fields: Type.Array(Type.String({ examples: ['name'] }), { description: 'What was changed.' }),
    }),
    live,
    follows: { 'folders.edit': changedFields },
  }),
  defineEvent({
    name: 'folders.shared',
    aggregate,
    summary: 'A folder is shared with other people than before.',
    schema: Nothing,
    live,
    follows: { 'folders.share': nothingMore, 'folders.unshare': nothingMore },
  }),
  defineEvent({
    name: 'folders.deleted',
    aggregate,
    summary: 'A folder was put into the trash, with all that lies below.',
    schema: Nothing,
    live,
    follows: { 'folders.delete': nothingMore },
  }),
  defineEvent({
    name: 'folders.restored',
    aggregate,
    summary: 'A folder is back from the trash, with all that went with it.',
    schema: Nothing,
    live,
    follows: { 'folders.restore': nothingMore },
  }),
]
