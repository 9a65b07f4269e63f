// What happens to tenants and their members.
import Type from 'typebox'
import type { MembershipLevel } from '../../../core/actor.ts'
import { changedFields, type Deed, defineEvent, nothingMore } from '../../../core/events.ts'
import { LEVELS } from './tenants.schema.ts'

const everybody = { level: 'MEMBER' } as const
const Nothing = Type.Object({})
const Fields = Type.Object({
  fields: Type.Array(Type.String({ examples: ['name'] }), { description: 'What was changed.' }),
})
const Level = Type.Unsafe<MembershipLevel>({ type: 'string', enum: [...LEVELS] })
const status = ({ changes }: Deed) => (changes?.status as string[] | undefined)?.[1]
const levelNow = ({ changes }: Deed) => ({ level: [changes?.level].flat().at(-1) as MembershipLevel })

const tenantEvents = [
  defineEvent({
    name: 'tenants.created',
    aggregate: 'tenant',
    summary: 'The tenant was made.',
    schema: Nothing,
    live: everybody,
    follows: { 'tenants.create': nothingMore },
  }),
  defineEvent({
    name: 'tenants.updated',
    aggregate: 'tenant',
    summary: 'The tenant has another name or slug.',
    schema: Fields,
    live: everybody,
    follows: { 'tenants.edit': changedFields },
  }),
  defineEvent({
    name: 'tenants.settings_changed',
    aggregate: 'tenant',
    summary: 'The settings of the tenant were changed.',
    schema: Fields,
    live: { level: 'ADMIN', permission: 'tenants:view' },
    follows: { 'tenants.settings': changedFields },
  }),
  defineEvent({
    name: 'tenants.suspended',
    aggregate: 'tenant',
    summary: 'The tenant was shut by the back office.',
    schema: Nothing,
    live: everybody,
    follows: { 'tenants.status': (deed) => (status(deed) === 'ACTIVE' ? undefined : {}) },
  }),
  defineEvent({
    name: 'tenants.activated',
    aggregate: 'tenant',
    summary: 'The tenant is open again.',
    schema: Nothing,
    live: everybody,
    follows: { 'tenants.status': (deed) => (status(deed) === 'ACTIVE' ? {} : undefined) },
  }),
  defineEvent({
    name: 'tenants.deleted',
    aggregate: 'tenant',
    summary: 'The tenant was deleted; its owners may restore it.',
    schema: Nothing,
    live: everybody,
    follows: { 'tenants.delete': nothingMore },
  }),
  defineEvent({
    name: 'tenants.restored',
    aggregate: 'tenant',
    summary: 'The deleted tenant is back.',
    schema: Nothing,
    live: everybody,
    follows: { 'tenants.restore': nothingMore },
  }),
]

const memberEvents = [
  defineEvent({
    name: 'members.added',
    aggregate: 'member',
    summary: 'Somebody is a member now: added, or by an invitation. The aggregate is the person.',
    schema: Type.Object({ level: Level }),
    live: everybody,
    follows: { 'members.add': levelNow, 'invitations.accept': levelNow },
    subject: ({ action, targetId, changes }) => (action === 'invitations.accept' ? String(changes?.userId) : targetId),
  }),
  defineEvent({
    name: 'members.level_changed',
    aggregate: 'member',
    summary: 'A member has another level.',
    schema: Type.Object({ level: Level }),
    live: everybody,
    follows: { 'members.level': levelNow },
  }),
  defineEvent({
    name: 'members.removed',
    aggregate: 'member',
    summary: 'A member was removed, or left.',
    schema: Type.Object({ left: Type.Boolean({ description: 'Of their own accord.' }) }),
    live: everybody,
    follows: { 'members.remove': () => ({ left: false }), 'members.leave': () => ({ left: true }) },
  }),
]

export const tenancyEvents = [...tenantEvents, ...memberEvents]
