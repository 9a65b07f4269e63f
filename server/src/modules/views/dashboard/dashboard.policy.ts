// Which figures are whose. A figure asks for the permission of what it counts, beside the one to see the dashboard.
import type { UserActor } from '../../../core/actor.ts'
import { grantFor } from '../../../core/permission.ts'
import type { StatsView } from './figures.queries.ts'

const holds = (actor: UserActor, permission: string) => grantFor(actor.permissions, permission) !== undefined

/** Sign-ins and operations of everybody, as sums. */
export const seesUsage = (actor: UserActor) => holds(actor, 'analytics:view')
/** What each of them did. */
export const seesAudit = (actor: UserActor) => holds(actor, 'audit:view')
export const seesUsers = (actor: UserActor) => holds(actor, 'users:view')
export const seesDocuments = (actor: UserActor) => holds(actor, 'documents:view')
export const seesFiles = (actor: UserActor) => holds(actor, 'files:view')
export const seesCalendar = (actor: UserActor) => holds(actor, 'calendar:view')

/** The machine works for every tenant: only the tenant of the installation is told how busy it is. */
export const seesMachine = (actor: UserActor, homeTenantId: string) =>
  actor.tenantId === homeTenantId && holds(actor, 'settings:view')

export function statsView(actor: UserActor): StatsView {
  const everyByte = holds(actor, 'storage:view') || holds(actor, 'files:manage')
  return {
    userId: actor.userId,
    members: seesUsers(actor),
    usage: seesUsage(actor),
    storage: everyByte ? 'all' : seesFiles(actor) ? 'own' : undefined,
  }
}
