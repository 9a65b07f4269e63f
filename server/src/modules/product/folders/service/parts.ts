// What the verbs of this module work with.
import type { UserActor } from '../../../../core/actor.ts'
import type { Database, Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import type { Jobs } from '../../../../drivers/queue/index.ts'
import type { Audit } from '../../../foundation/audit/index.ts'
import type { Events } from '../../../foundation/events/index.ts'
import type { Access, SignedLinks } from '../../access/index.ts'
import type { FolderContents } from '../contents.ts'

export interface FolderParts {
  database: Pick<Database, 'global' | 'tenant' | 'inTenant'>
  jobs: Pick<Jobs, 'define'>
  audit: Pick<Audit, 'record'>
  access: Access
  events: Pick<Events, 'decide'>
  contents: readonly FolderContents[]
  links: SignedLinks
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
