// What the verbs of this module work with.
import type { UserActor } from '../../../../core/actor.ts'
import { invalidField } from '../../../../core/errors.ts'
import type { Database, Executor, Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import type { Jobs } from '../../../../drivers/queue/index.ts'
import type { Audit } from '../../../foundation/audit/index.ts'
import type { Events } from '../../../foundation/events/index.ts'
import { type Access, isManager, type Kind } from '../../access/index.ts'
import type { FolderContents } from '../contents.ts'
import * as queries from '../folders.queries.ts'

export interface FolderParts {
  database: Pick<Database, 'global' | 'tenant' | 'inTenant'>
  jobs: Pick<Jobs, 'define'>
  audit: Pick<Audit, 'record'>
  access: Access
  events: Pick<Events, 'decide'>
  contents: readonly FolderContents[]
  options: {
    /** How long the trash keeps what is deleted. */
    retentionSeconds: number
  }
}

export interface FolderDeed {
  action: string
  id: string
  changes: Record<string, unknown>
}

export function record(
  { audit }: Pick<FolderParts, 'audit'>,
  tx: Tx,
  actor: UserActor,
  { action, id, changes }: FolderDeed,
  facts: RequestFacts,
): void {
  audit.record(tx, actor, { action, targetType: 'folder', targetId: id, changes }, facts)
}

/** An item is given to a team that one is in, and to no other; the answer is the same for a team of others and for none. */
export async function mustBeInTeam(
  db: Executor,
  actor: UserActor,
  kind: Kind,
  teamId: string | null | undefined,
): Promise<void> {
  if (teamId === undefined || teamId === null) return
  const isOpen = isManager(actor, kind)
    ? await queries.isTeam(db, teamId)
    : await queries.isInTeam(db, teamId, actor.userId)
  if (!isOpen) throw invalidField('teamId', 'not_in_team', 'This is no team that you are in.')
}
