// What happens to invitations.
import Type from 'typebox'
import { defineEvent, nothingMore } from '../../../core/events.ts'

const aggregate = 'invitation'
const live = { level: 'ADMIN' } as const
const Nothing = Type.Object({})

export const invitationEvents = [
  defineEvent({
    name: 'invitations.created',
    aggregate,
    summary: 'Somebody was invited, or an open link was made.',
    schema: Nothing,
    live,
    follows: { 'invitations.create': nothingMore },
  }),
  defineEvent({
    name: 'invitations.accepted',
    aggregate,
    summary: 'Somebody accepted an invitation.',
    schema: Type.Object({ userId: Type.String() }),
    live,
    follows: { 'invitations.accept': ({ changes }) => ({ userId: String(changes?.userId) }) },
  }),
  defineEvent({
    name: 'invitations.resent',
    aggregate,
    summary: 'An invitation was sent once more, with a new link.',
    schema: Nothing,
    live,
    follows: { 'invitations.resend': nothingMore },
  }),
  defineEvent({
    name: 'invitations.revoked',
    aggregate,
    summary: 'An invitation was withdrawn.',
    schema: Nothing,
    live,
    follows: { 'invitations.revoke': nothingMore },
  }),
]
