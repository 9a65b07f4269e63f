// Invitations over HTTP. Their secrets travel in bodies, never in addresses of this server.
import { Deleted, IdParams, pageAnswer, type Route, route } from '../../../drivers/http/index.ts'
import { asOrganization } from '../tenants/index.ts'
import {
  Invitation,
  InvitationParams,
  InvitationQuery,
  Joined,
  NewInvitation,
  Preview,
  SentInvitation,
  TokenBody,
} from './invitations.schema.ts'
import type { Invitations } from './invitations.service.ts'

const bases = ['canonical'] as const
const PLACES = ['tenants.not_found', 'tenants.managers_only', 'tenants.owners_only'] as const
const STATES = ['invitations.not_found', 'invitations.expired', 'invitations.revoked', 'invitations.used_up'] as const
/** The refusals of whoever wants to join by an invitation. */
export const JOIN_ERRORS = [
  ...STATES,
  'invitations.other_address',
  'invitations.domain_not_allowed',
  'invitations.address_unverified',
  'invitations.inviter_lost_right',
] as const

export function invitationRoutes(invitations: Invitations): Route[] {
  const ofTenants = managerRoutes(invitations)
  return [...ofTenants, ...ofTenants.map(asOrganization), ...guestRoutes(invitations)]
}

function managerRoutes(invitations: Invitations): Route[] {
  return [
    route({
      method: 'GET',
      path: '/tenants/:id/invitations',
      operation: 'tenants.listInvitations',
      access: 'session',
      bases,
      summary: 'List the invitations of a tenant, the newest first',
      description: 'For its owners and administrators. The total counts to 10,000.',
      tenantParam: 'id',
      params: IdParams('tenant'),
      query: InvitationQuery,
      answer: pageAnswer(Invitation),
      errors: PLACES,
      handle: ({ actor, params, query }) => invitations.list(actor, params.id, query),
    }),
    route({
      method: 'POST',
      path: '/tenants/:id/invitations',
      operation: 'tenants.invite',
      access: 'session',
      bases,
      summary: 'Invite somebody, or make an open link',
      description:
        'With an `email` the invitation is sent there and only the account of that address can accept it, once. Without one the answer carries the secret of an open link, this once, for `maxUses` people. Owners invite to every level, administrators to every level but OWNER; roles must be ones that you could give, now and when the invitation is accepted.',
      tenantParam: 'id',
      params: IdParams('tenant'),
      body: NewInvitation,
      status: 201,
      answer: SentInvitation,
      errors: [
        ...PLACES,
        'roles.beyond_own',
        'invitations.domain_not_allowed',
        'invitations.already_member',
        'invitations.already_pending',
        'invitations.too_many',
      ],
      handle: ({ actor, params, body, facts }) => invitations.create(actor, params.id, body, facts),
    }),
    route({
      method: 'POST',
      path: '/tenants/:id/invitations/:invitationId/resend',
      operation: 'tenants.resendInvitation',
      access: 'session',
      bases,
      summary: 'Send an invitation again',
      description:
        'With a new secret and its whole life; the old secret is dead. Once a minute, and within what the tenant may send in a day.',
      tenantParam: 'id',
      params: InvitationParams,
      answer: SentInvitation,
      errors: [
        ...PLACES,
        'roles.beyond_own',
        'invitations.not_found',
        'invitations.revoked',
        'invitations.used_up',
        'invitations.sent_recently',
        'invitations.too_many',
      ],
      handle: ({ actor, params, facts }) => invitations.resend(actor, params, facts),
    }),
    route({
      method: 'DELETE',
      path: '/tenants/:id/invitations/:invitationId',
      operation: 'tenants.revokeInvitation',
      access: 'session',
      bases,
      summary: 'Withdraw an invitation',
      description: 'Its secret is dead at once. Who came by it stays a member.',
      tenantParam: 'id',
      params: InvitationParams,
      answer: Deleted,
      errors: [...PLACES, 'invitations.not_found', 'invitations.used_up'],
      handle: async ({ actor, params, facts }) => {
        await invitations.revoke(actor, params, facts)
        return { message: 'The invitation was withdrawn.', id: params.invitationId }
      },
    }),
  ]
}

function guestRoutes(invitations: Invitations): Route[] {
  return [
    route({
      method: 'POST',
      path: '/invitations/preview',
      operation: 'invitations.preview',
      access: { public: 'whoever was invited looks at the invitation before making an account' },
      bases,
      summary: 'Look at an invitation',
      body: TokenBody,
      answer: Preview,
      errors: STATES,
      handle: ({ body }) => invitations.preview(body.token),
    }),
    route({
      method: 'POST',
      path: '/invitations/accept',
      operation: 'invitations.accept',
      access: 'session',
      bases,
      summary: 'Accept an invitation',
      description:
        'Without an account, register with `invitationToken`. Accepting the same invitation again changes nothing and answers the same.',
      body: TokenBody,
      answer: Joined,
      errors: [...JOIN_ERRORS, 'invitations.already_member'],
      handle: ({ actor, body, facts }) => invitations.accept(actor, body.token, facts),
    }),
  ]
}
