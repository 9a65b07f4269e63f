// Who may do what to a team. The route has asked for the permission of the module: this asks for the place in the team.
import type { UserActor } from '../../../core/actor.ts'
import { grantFor } from '../../../core/permission.ts'
import { teamErrors } from './teams.errors.ts'

export const TEAM_ROLES = ['owner', 'admin', 'member'] as const
export type TeamRole = (typeof TEAM_ROLES)[number]

/** What the actor is in the team; whoever may manage all teams of the tenant counts as the owner. */
function standingOf(actor: UserActor, role: TeamRole | null): TeamRole | null {
  return grantFor(actor.permissions, 'teams:manage') ? 'owner' : role
}

/** Throws unless the actor owns the team. */
export function mustOwn(actor: UserActor, role: TeamRole | null): void {
  if (standingOf(actor, role) !== 'owner') throw teamErrors('teams.owner_only')
}

/** Members are managed by owner and administrators; who is an administrator is the owner's business. */
export function mustManage(actor: UserActor, role: TeamRole | null, about: TeamRole): void {
  const standing = standingOf(actor, role)
  if (standing !== 'owner' && standing !== 'admin') throw teamErrors('teams.managers_only')
  if (about !== 'member') mustOwn(actor, role)
}
