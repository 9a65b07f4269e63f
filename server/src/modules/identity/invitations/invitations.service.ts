// Invitations to tenants.
import { type Acceptance, createAcceptance } from './service/acceptance.ts'
import { createAdministration, type InvitationAdministration } from './service/administration.ts'
import type { InvitationParts } from './service/parts.ts'

export type Invitations = InvitationAdministration & Acceptance

export function createInvitations(parts: InvitationParts): Invitations {
  return { ...createAdministration(parts), ...createAcceptance(parts) }
}
