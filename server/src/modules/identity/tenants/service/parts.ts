// What the verbs of this module work with, and the way into the tenant that a path names.
import type { UserActor } from '../../../../core/actor.ts'
import type { Clock } from '../../../../core/clock.ts'
import { invalidField } from '../../../../core/errors.ts'
import type { Bus } from '../../../../drivers/bus/index.ts'
import type { Database, Executor, Tx } from '../../../../drivers/database/index.ts'
import type { Jobs } from '../../../../drivers/queue/index.ts'
import type { Audit } from '../../../foundation/audit/index.ts'
import type { Roles } from '../../roles/index.ts'
import type { Sessions } from '../../sessions/index.ts'
import { tenantErrors } from '../tenants.errors.ts'
import { reaches, type Standing } from '../tenants.policy.ts'
import * as queries from '../tenants.queries.ts'

/** The tenant that a request without any choice, and the other back end's rows, belong to. */
export const DEFAULT_TENANT = 'default'

export interface TenantParts {
  database: Pick<Database, 'global' | 'tenant' | 'inTenant' | 'acrossTenants'>
  bus: Bus
  clock: Clock
  jobs: Pick<Jobs, 'define' | 'dropOf' | 'enqueue'>
  audit: Pick<Audit, 'record'>
  roles: Pick<Roles, 'seed' | 'assignByName' | 'exchangeByName' | 'grantable' | 'permissionsOf'>
  sessions: Pick<Sessions, 'findLive' | 'switchTenant'>
  options: {
    /** How requests name tenants; `none`: there is the default one and no other. */
    strategy: 'header' | 'subdomain' | 'none'
    /** Who may create tenants. */
    creation: 'users' | 'admins'
    /** The role that comes with the level MEMBER where a tenant does not name its own. */
    defaultRole: string
    /** How long the installation lets sessions live: tenants stay below. */
    sessions: { absoluteSeconds: number; idleSeconds: number }
    /** How long a deleted tenant can be restored, before it is purged. */
    retentionSeconds: number
  }
}

export interface Entered extends Standing {
  tenant: queries.TenantOfUserRow
}

/** The tenant as the caller belongs to it. Throws `tenants.not_found`, the same for a tenant of others and for none. */
export async function enter(db: Executor, actor: UserActor, tenantId: string): Promise<Entered> {
  const tenant = reaches(actor, tenantId) ? await queries.findOfMember(db, tenantId, actor.userId) : undefined
  if (!tenant) throw tenantErrors('tenants.not_found')
  return { actor, tenantId, level: tenant.level, tenant }
}

/** The same for a change: whoever else changes this tenant or its members waits, and the level is read after the wait. */
export async function enterToChange(tx: Tx, actor: UserActor, tenantId: string): Promise<Entered> {
  await queries.lockForMember(tx, tenantId, actor.userId)
  return enter(tx, actor, tenantId)
}

/** The person who is named by an id or by an address, and not by both. */
export function oneUserOf(
  userId: string | undefined,
  email: string | undefined,
  field: string,
): { userId?: string | undefined; email?: string | undefined } {
  if ((userId === undefined) === (email === undefined))
    throw invalidField(field, 'one_of', 'Name the person either by id or by e-mail address.')
  return { userId, email: email?.normalize('NFKC').trim() }
}

/** Throws `tenants.single_tenant` where the installation has one tenant. */
export function mustHaveMany({ options }: Pick<TenantParts, 'options'>): void {
  if (options.strategy === 'none') throw tenantErrors('tenants.single_tenant')
}
