// What happens to accounts.
import Type from 'typebox'
import { changedFields, type Deed, defineEvent, type Fact, nothingMore } from '../../../core/events.ts'

const aggregate = 'user'
const themselves = ({ aggregateId }: Fact) => [aggregateId]
const live = { permission: 'users:view', users: themselves }
const Nothing = Type.Object({})
const Status = Type.Object({ status: Type.String({ examples: ['SUSPENDED'] }) })

/** The state that a deed brought the account into, if that is what it changed. */
function stateAfter({ changes }: Deed): string | undefined {
  const status = changes?.status
  return Array.isArray(status) && status[0] !== status[1] ? String(status[1]) : undefined
}

const suspended = (deed: Deed) => {
  const status = stateAfter(deed)
  return status === undefined || status === 'ACTIVE' ? undefined : { status }
}
const activated = (deed: Deed) => (stateAfter(deed) === 'ACTIVE' ? {} : undefined)
const rolesAssigned = ({ changes }: Deed) => (changes?.roles === undefined ? undefined : {})

export const userEvents = [
  defineEvent({
    name: 'users.created',
    aggregate,
    summary: 'An account was made, by registering or by somebody who may.',
    schema: Type.Object({ registered: Type.Boolean({ description: 'By the person themselves.' }) }),
    live,
    follows: { 'users.create': () => ({ registered: false }), 'auth.register': () => ({ registered: true }) },
  }),
  defineEvent({
    name: 'users.updated',
    aggregate,
    summary: 'Something about an account was changed.',
    schema: Type.Object({ fields: Type.Array(Type.String({ examples: ['email'] }), { description: 'What was.' }) }),
    live,
    follows: { 'users.edit': changedFields, 'users.edit_own': changedFields, 'auth.confirm_address': changedFields },
  }),
  defineEvent({
    name: 'users.suspended',
    aggregate,
    summary: 'An account may not be used any more: suspended, or set inactive.',
    schema: Status,
    live,
    follows: { 'users.status': suspended, 'users.edit': suspended },
  }),
  defineEvent({
    name: 'users.activated',
    aggregate,
    summary: 'An account may be used again.',
    schema: Nothing,
    live,
    follows: { 'users.status': activated, 'users.edit': activated },
  }),
  defineEvent({
    name: 'users.roles_assigned',
    aggregate,
    summary: 'A person has other roles in the tenant than before.',
    schema: Nothing,
    live,
    follows: { 'users.edit': rolesAssigned },
  }),
  defineEvent({
    name: 'users.deleted',
    aggregate,
    summary: 'An account was deleted; it may be restored.',
    schema: Nothing,
    live,
    follows: { 'users.delete': nothingMore, 'users.delete_own': nothingMore },
  }),
  defineEvent({
    name: 'users.restored',
    aggregate,
    summary: 'A deleted account is back.',
    schema: Nothing,
    live,
    follows: { 'users.restore': nothingMore },
  }),
  defineEvent({
    name: 'users.password_changed',
    aggregate,
    summary: 'A password was changed, reset, or set by an administrator.',
    schema: Nothing,
    live: { users: themselves, inPerson: true },
    follows: {
      'auth.change_password': nothingMore,
      'auth.reset_password': nothingMore,
      'users.edit': ({ changes }) => (changes?.password === undefined ? undefined : {}),
    },
  }),
]
