// Giving an item to a team.
import type { UserActor } from '../../../core/actor.ts'
import { invalidField } from '../../../core/errors.ts'
import type { Executor } from '../../../drivers/database/index.ts'
import { teamsAmong } from '../../identity/teams/index.ts'
import { isManager, type Kind } from './access.policy.ts'
import { isInTeam } from './access.queries.ts'

/** An item is given to a team that one is in, and to no other; the answer is the same for a team of others and for none. */
export async function mustBeInTeam(
  db: Executor,
  actor: UserActor,
  kind: Kind,
  teamId: string | null | undefined,
): Promise<void> {
  if (teamId === undefined || teamId === null) return
  const isOpen = isManager(actor, kind)
    ? (await teamsAmong(db, [teamId])).has(teamId)
    : await isInTeam(db, teamId, actor.userId)
  if (!isOpen) throw invalidField('teamId', 'not_in_team', 'This is no team that you are in.')
}
