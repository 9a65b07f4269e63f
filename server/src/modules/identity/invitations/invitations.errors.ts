// What can go wrong with invitations. Whoever has no genuine secret learns `invitations.not_found` and nothing else.
import { defineErrors } from '../../../core/errors.ts'

export const invitationErrors = defineErrors({
  'invitations.not_found': { kind: 'not_found', message: 'There is no such invitation.' },
  'invitations.expired': { kind: 'conflict', message: 'This invitation has expired. Ask for a new one.' },
  'invitations.revoked': { kind: 'conflict', message: 'This invitation was withdrawn.' },
  'invitations.used_up': { kind: 'conflict', message: 'This invitation has been used already.' },
  'invitations.other_address': {
    kind: 'forbidden',
    message: 'This invitation was sent to another address. Sign in with the account of that address.',
  },
  'invitations.already_member': { kind: 'conflict', message: 'This person is a member already.' },
  'invitations.already_pending': {
    kind: 'conflict',
    message: 'This address has an open invitation. Send that one again, or withdraw it first.',
  },
  'invitations.domain_not_allowed': {
    kind: 'forbidden',
    message: 'This tenant accepts no addresses of this domain.',
  },
  'invitations.address_unverified': {
    kind: 'forbidden',
    message: 'This tenant looks at the domains of addresses: confirm yours first, then accept.',
  },
  'invitations.inviter_lost_right': {
    kind: 'conflict',
    message: 'Whoever invited you can no longer give what the invitation offers. Ask for a new one.',
  },
  'invitations.too_many': { kind: 'limited', message: 'This tenant has sent as many invitations as it may in a day.' },
  'invitations.sent_recently': { kind: 'limited', message: 'This invitation was sent a moment ago. Wait a minute.' },
})
