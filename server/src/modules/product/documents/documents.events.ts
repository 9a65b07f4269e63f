// What happens to documents.
import Type from 'typebox'
import { changedFields, defineEvent, nothingMore } from '../../../core/events.ts'

const aggregate = 'document'
const live = { asked: 'whoever may read the document' }
const Nothing = Type.Object({})

export const documentEvents = [
  defineEvent({
    name: 'documents.created',
    aggregate,
    summary: 'A document was made.',
    schema: Nothing,
    live,
    follows: { 'documents.create': nothingMore },
  }),
  defineEvent({
    name: 'documents.updated',
    aggregate,
    summary: 'A document was saved, renamed, moved or tagged.',
    schema: Type.Object({
      fields: Type.Array(Type.String({ examples: ['size'] }), { description: 'What was changed.' }),
    }),
    live,
    follows: {
      'documents.edit': changedFields,
      'documents.rename': changedFields,
      'documents.move': changedFields,
      'documents.tag': changedFields,
      'documents.restore_revision': changedFields,
    },
  }),
  defineEvent({
    name: 'documents.shared',
    aggregate,
    summary: 'A document is shared with other people than before.',
    schema: Nothing,
    live,
    follows: { 'documents.share': nothingMore, 'documents.unshare': nothingMore },
  }),
  defineEvent({
    name: 'documents.deleted',
    aggregate,
    summary: 'A document was put into the trash.',
    schema: Nothing,
    live,
    follows: { 'documents.delete': nothingMore },
  }),
  defineEvent({
    name: 'documents.restored',
    aggregate,
    summary: 'A document is back from the trash.',
    schema: Nothing,
    live,
    follows: { 'documents.restore': nothingMore },
  }),
]
