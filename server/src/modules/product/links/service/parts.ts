// What the verbs of this module work with.
import type { UserActor } from '../../../../core/actor.ts'
import type { Clock } from '../../../../core/clock.ts'
import { grantFor } from '../../../../core/permission.ts'
import type { Database, Executor } from '../../../../drivers/database/index.ts'
import type { Jobs } from '../../../../drivers/queue/index.ts'
import type { Sealer } from '../../../../drivers/sealing/index.ts'
import type { Audit } from '../../../foundation/audit/index.ts'
import type { Events } from '../../../foundation/events/index.ts'
import type { Hashing } from '../../../identity/passwords/index.ts'
import type { Tenants } from '../../../identity/tenants/index.ts'
import type { Throttle } from '../../../identity/throttle/index.ts'
import type { Access } from '../../access/index.ts'
import type { AccessLog } from '../../accesslog/index.ts'
import type { Files } from '../../files/index.ts'

export interface LinkParts {
  database: Pick<Database, 'global' | 'tenant' | 'inTenant' | 'acrossTenants'>
  jobs: Pick<Jobs, 'define'>
  audit: Pick<Audit, 'record'>
  events: Pick<Events, 'decide'>
  sealer: Sealer
  clock: Clock
  throttle: Pick<Throttle, 'attempt'>
  hashing: Pick<Hashing, 'hash' | 'verify'>
  tenants: Pick<Tenants, 'settingsOf'>
  /** The maker of a link as of now; undefined where they may not come in any more. */
  memberOf(userId: string, tenantId: string): Promise<UserActor | undefined>
  access: Access
  accessLog: Pick<AccessLog, 'note' | 'noteOnce' | 'list' | 'settle'>
  files: Pick<Files, 'open'>
  options: {
    /** Whether the installation allows links at all. */
    publicLinks: boolean
    /** How long links that have ended are listed. */
    accessLogSeconds: number
    publicUrl: string
  }
}

/** The permission to share files. */
export const SHARING = 'files:upload'

/** Whether somebody may give the file away, and so make links to it: asked when one is made and each time it is used. */
export async function mayShare(access: Access, db: Executor, actor: UserActor, id: string): Promise<boolean> {
  return grantFor(actor.permissions, SHARING) !== undefined && (await access.levelOf(db, actor, 'file', id)) === 'OWNER'
}

/** One spelling of a password, however the keyboard composes its letters. */
export const spelled = (password: string) => password.normalize('NFC')
