// The door of the invitations module.

export { invitationEvents } from './invitations.events.ts'
export { invitationRoutes, JOIN_ERRORS } from './invitations.routes.ts'
export { InvitationToken } from './invitations.schema.ts'
export { createInvitations, type Invitations } from './invitations.service.ts'
