// What happens to teams.
import Type from 'typebox'
import { changedFields, type Deed, defineEvent, nothingMore } from '../../../core/events.ts'

const aggregate = 'team'
const live = { permission: 'teams:view' }
const Nothing = Type.Object({})
const Person = Type.Object({ userId: Type.String({ examples: ['cmi8z2n4w0q5t1v7x3y9b6d2'] }) })
const person = ({ changes }: Deed) => ({ userId: String(changes?.userId) })
const Placed = Type.Object({
  userId: Person.properties.userId,
  added: Type.Boolean({ description: 'They were not in it before.' }),
})
const placed = (deed: Deed) => ({ ...person(deed), added: [deed.changes?.role].flat()[0] === null })

export const memberSet = defineEvent({
  name: 'teams.member_set',
  aggregate,
  summary: 'Somebody is in a team, or is something else in it than before.',
  schema: Placed,
  live,
  follows: { 'teams.member': placed },
})

export const teamEvents = [
  defineEvent({
    name: 'teams.created',
    aggregate,
    summary: 'A team was made.',
    schema: Nothing,
    live,
    follows: { 'teams.create': nothingMore },
  }),
  defineEvent({
    name: 'teams.updated',
    aggregate,
    summary: 'A team is called otherwise, or belongs to somebody else.',
    schema: Type.Object({
      fields: Type.Array(Type.String({ examples: ['name'] }), { description: 'What was changed.' }),
    }),
    live,
    follows: { 'teams.edit': changedFields },
  }),
  memberSet,
  defineEvent({
    name: 'teams.member_removed',
    aggregate,
    summary: 'Somebody left a team, or was taken out of it.',
    schema: Person,
    live,
    follows: { 'teams.leave': person, 'teams.remove_member': person },
  }),
  defineEvent({
    name: 'teams.deleted',
    aggregate,
    summary: 'A team was deleted.',
    schema: Nothing,
    live,
    follows: { 'teams.delete': nothingMore },
  }),
]
