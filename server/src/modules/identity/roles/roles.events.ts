// What happens to roles.
import Type from 'typebox'
import { changedFields, defineEvent, nothingMore } from '../../../core/events.ts'

const aggregate = 'role'
const live = { permission: 'roles:view' }

export const roleEvents = [
  defineEvent({
    name: 'roles.created',
    aggregate,
    summary: 'A role was made.',
    schema: Type.Object({}),
    live,
    follows: { 'roles.create': nothingMore },
  }),
  defineEvent({
    name: 'roles.updated',
    aggregate,
    summary: 'A role was renamed, or grants something else than before.',
    schema: Type.Object({
      fields: Type.Array(Type.String({ examples: ['permissions'] }), { description: 'What was changed.' }),
    }),
    live,
    follows: { 'roles.edit': changedFields },
  }),
  defineEvent({
    name: 'roles.deleted',
    aggregate,
    summary: 'A role was deleted.',
    schema: Type.Object({}),
    live,
    follows: { 'roles.delete': nothingMore },
  }),
]
