// Who may do what to a tenant and its members. Levels decide; a permission opens only the tenant's own data.
import type { MembershipLevel, UserActor } from '../../../core/actor.ts'
import { invalidField, type Problem } from '../../../core/errors.ts'
import { grantFor } from '../../../core/permission.ts'
import type { Executor } from '../../../drivers/database/index.ts'
import { missingPermission } from '../../../drivers/http/index.ts'
import { membersAmong } from './members.queries.ts'
import { tenantErrors } from './tenants.errors.ts'

/** The caller in the tenant that the path names, which need not be the one of the request. */
export interface Standing {
  actor: UserActor
  tenantId: string
  level: MembershipLevel
}

/** The one tenant that a personal access token was made in, or that support was given for; undefined for a person's own session. */
export function boundTo({
  tokenId,
  impersonatorId,
  tenantId,
}: Pick<UserActor, 'tokenId' | 'impersonatorId' | 'tenantId'>): string | undefined {
  return tokenId === undefined && impersonatorId === undefined ? undefined : tenantId
}

/** Whether the caller can get to the tenant at all: one who is bound to a tenant reaches no other. */
export function reaches(actor: UserActor, tenantId: string): boolean {
  return (boundTo(actor) ?? tenantId) === tenantId
}

/** Owners and administrators edit the tenant, and members who hold `tenants:edit` in it. */
export function mustEdit({ actor, tenantId, level }: Standing, permissions: Iterable<string>): void {
  if (level === 'MEMBER' && !grantFor(permissions, 'tenants:edit'))
    throw missingPermission('tenants:edit', { ...actor, tenantId })
}

/** Owners and administrators see how the tenant is set up, and members who hold `tenants:view` in it. */
export function mustView({ actor, tenantId, level }: Standing, permissions: Iterable<string>): void {
  if (level === 'MEMBER' && !grantFor(permissions, 'tenants:view'))
    throw missingPermission('tenants:view', { ...actor, tenantId })
}

/** A tenant is deleted by its owners. */
export function mustOwn({ level }: Standing): void {
  if (level !== 'OWNER') throw tenantErrors('tenants.owners_only')
}

/** Owners add everybody; administrators add everybody but owners. */
export function mustAdd({ level }: Standing, added: MembershipLevel): void {
  if (level === 'MEMBER') throw tenantErrors('tenants.managers_only')
  if (added === 'OWNER') mustBeOwner(level)
}

/** Owners set every level; administrators neither make nor unmake owners; everybody may lower their own. */
export function mustSetLevel({ actor, level }: Standing, member: MemberOfTenant, wanted: MembershipLevel): void {
  if (member.userId === actor.userId && RANK[wanted] <= RANK[level]) return
  if (level === 'MEMBER') throw tenantErrors('tenants.managers_only')
  if (member.level === 'OWNER' || wanted === 'OWNER') mustBeOwner(level)
}

/** Everybody may leave; owners remove everybody; administrators remove everybody but owners. */
export function mustRemove({ actor, level }: Standing, member: MemberOfTenant): void {
  if (member.userId === actor.userId) return
  if (level === 'MEMBER') throw tenantErrors('tenants.managers_only')
  if (member.level === 'OWNER') mustBeOwner(level)
}

/** The role that comes with a level. */
export function roleOfLevel(level: MembershipLevel, defaultRole: string): string {
  return { OWNER: 'admin', ADMIN: 'manager', MEMBER: defaultRole }[level]
}

interface MemberOfTenant {
  userId: string
  level: MembershipLevel
}

const RANK: Record<MembershipLevel, number> = { MEMBER: 0, ADMIN: 1, OWNER: 2 }

/** Whether the level is above the other one. */
export function outranks(level: MembershipLevel, other: MembershipLevel): boolean {
  return RANK[level] > RANK[other]
}

function mustBeOwner(level: MembershipLevel): void {
  if (level !== 'OWNER') throw tenantErrors('tenants.owners_only')
}

/** The refusal of a person in a request: the same for somebody of another tenant and for nobody at all. */
function noMember(field: string): Problem {
  return invalidField(field, 'not_a_member', 'This is nobody who belongs to the tenant.')
}

/** Throws unless the person that a field names is a member of the handle's tenant. */
export async function mustBeMember(db: Executor, userId: string, field: string): Promise<void> {
  if (!(await membersAmong(db, [userId])).has(userId)) throw noMember(field)
}

/** Throws unless all of the people are members of the handle's tenant; `field` names the list that they stand in. */
export async function mustBeMembers(db: Executor, userIds: readonly string[], field: string): Promise<void> {
  const known = await membersAmong(db, userIds)
  const stranger = userIds.findIndex((one) => !known.has(one))
  if (stranger >= 0) throw noMember(`${field}.${stranger}`)
}
