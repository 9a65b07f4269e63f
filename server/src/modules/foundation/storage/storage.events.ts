// What happens to the storage of a tenant.
import Type from 'typebox'
import { defineEvent, nothingMore } from '../../../core/events.ts'

export const storageEvents = [
  defineEvent({
    name: 'storage.changed',
    aggregate: 'storage',
    summary: 'New files of the tenant go somewhere else than before. The aggregate is the tenant.',
    schema: Type.Object({}),
    live: { permission: 'storage:view' },
    follows: { 'storage.edit': nothingMore },
  }),
]
