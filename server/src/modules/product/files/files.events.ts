// What happens to files.
import Type from 'typebox'
import { changedFields, defineEvent, nothingMore } from '../../../core/events.ts'

const aggregate = 'file'
const live = { asked: 'whoever may read the file' }
const Nothing = Type.Object({})

export const fileEvents = [
  defineEvent({
    name: 'files.created',
    aggregate,
    summary: 'A file was uploaded, or is the copy of another one.',
    schema: Nothing,
    live,
    follows: { 'files.upload': nothingMore, 'files.copy': nothingMore },
  }),
  defineEvent({
    name: 'files.updated',
    aggregate,
    summary: 'A file was renamed or moved, or given to a team or taken back.',
    schema: Type.Object({
      fields: Type.Array(Type.String({ examples: ['name'] }), { description: 'What was changed.' }),
    }),
    live,
    follows: { 'files.edit': changedFields, 'files.rename': changedFields, 'files.move': changedFields },
  }),
  defineEvent({
    name: 'files.shared',
    aggregate,
    summary: 'A file is shared with other people than before.',
    schema: Nothing,
    live,
    follows: { 'files.share': nothingMore, 'files.unshare': nothingMore },
  }),
  defineEvent({
    name: 'files.deleted',
    aggregate,
    summary: 'A file was put into the trash by itself.',
    schema: Nothing,
    live,
    follows: { 'files.delete': nothingMore },
  }),
  defineEvent({
    name: 'files.restored',
    aggregate,
    summary: 'A file is back from the trash.',
    schema: Nothing,
    live,
    follows: { 'files.restore': nothingMore },
  }),
]
