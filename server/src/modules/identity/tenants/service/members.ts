// Who belongs to a tenant, and at which level.
import type { MembershipLevel, UserActor } from '../../../../core/actor.ts'
import { eitherOf, invalidField, requestErrors } from '../../../../core/errors.ts'
import { type Page, pageAt } from '../../../../core/page.ts'
import { ACTORS_CHANGED } from '../../../../core/topics.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { mustHold } from '../../roles/index.ts'
import * as listing from '../members.listing.queries.ts'
import * as queries from '../members.queries.ts'
import { tenantErrors } from '../tenants.errors.ts'
import { mustAdd, mustRemove, mustSetLevel, type Standing } from '../tenants.policy.ts'
import { type LevelChange, type Member, type MemberQuery, type NewMember, toMember } from '../tenants.schema.ts'
import type { Directory } from './directory.ts'
import { enter, enterToChange, oneUserOf, type TenantParts } from './parts.ts'
import type { SettingsStore } from './settings.ts'

export interface Members {
  listMembers(actor: UserActor, tenantId: string, query: MemberQuery): Promise<Page<Member>>
  /** Makes an existing account a member, with the role that comes with the level. */
  add(actor: UserActor, tenantId: string, body: NewMember, facts: RequestFacts): Promise<Member>
  /** Sets the level; the old level's role gives way to the new one's, other roles stay. */
  setLevel(actor: UserActor, at: MemberOf, change: LevelChange, facts: RequestFacts): Promise<Member>
  /** Removes a member, or lets the caller leave. The account stays, also where this was its home tenant. */
  removeMember(actor: UserActor, at: MemberOf, facts: RequestFacts): Promise<void>
}

/** A member by the path: `/tenants/{id}/members/{userId}`. */
export interface MemberOf {
  id: string
  userId: string
}

export function createMembers(parts: TenantParts, directory: Directory & SettingsStore): Members {
  const { database, bus, audit, roles } = parts
  const { roleOf } = directory

  /** Administrators pass their rank on only as far as they hold what comes with it. */
  async function mustNotGrantBeyondOwn(tx: Tx, { actor, level }: Standing, userId: string, granted: MembershipLevel) {
    if (level === 'OWNER' || granted === 'MEMBER') return
    const own = new Set(await roles.permissionsOf(tx, actor.userId))
    mustHold({ ...actor, permissions: own }, await roles.permissionsOf(tx, userId))
  }

  async function finish(tx: Tx, actor: UserActor, deed: MemberDeed, facts: RequestFacts): Promise<void> {
    await bus.publish(tx, ACTORS_CHANGED, { userId: deed.targetId })
    audit.record(tx, actor, { targetType: 'user', ...deed }, facts)
  }

  return {
    async listMembers(actor, tenantId, query) {
      const db = database.tenant(tenantId)
      await enter(db, actor, tenantId)
      const page = pageAt(query, (query.sortBy ?? 'joinedAt') === 'joinedAt' ? 'time' : 'string')
      const { rows, total } = await listing.page(db, query, page.place)
      return page.answer(rows, total, toMember)
    },

    async add(actor, tenantId, { userId, email, level: sentLevel, role }, facts) {
      const named = oneUserOf(userId, email, 'userId')
      const level = eitherOf(sentLevel, role, 'role') ?? 'MEMBER'
      return database.inTenant(tenantId, async (tx) => {
        const standing = await enterToChange(tx, actor, tenantId)
        mustAdd(standing, level)
        const user = await queries.findUser(tx, named)
        if (!user) throw tenantErrors('tenants.user_not_found')
        await directory.mustAllowAddress(tx, user.email, user.isProved)
        if (!(await directory.addMember(tx, user.id, level))) throw tenantErrors('tenants.already_member')
        await roles.assignByName(tx, user.id, await roleOf(tx, level))
        await mustNotGrantBeyondOwn(tx, standing, user.id, level)
        await finish(tx, actor, { action: 'members.add', targetId: user.id, changes: { level } }, facts)
        return reread(tx, user.id)
      })
    },

    async setLevel(actor, { id, userId }, change, facts) {
      const level = eitherOf(change.level, change.role, 'role')
      if (level === undefined) throw invalidField('level', 'missing', 'This field is required.')
      return database.inTenant(id, async (tx) => {
        const standing = await enterToChange(tx, actor, id)
        const member = await find(tx, userId)
        mustSetLevel(standing, member, level)
        if (member.level === level) return toMember(member)
        if (userId === actor.userId && !facts.fresh) throw requestErrors('access.reauthentication_required')
        if (member.level === 'OWNER') await directory.mustKeepOwner(tx, [userId])
        await queries.setLevel(tx, userId, level)
        await roles.exchangeByName(tx, userId, await roleOf(tx, member.level), await roleOf(tx, level))
        await mustNotGrantBeyondOwn(tx, standing, userId, level)
        const changes = { level: [member.level, level] }
        await finish(tx, actor, { action: 'members.level', targetId: userId, changes }, facts)
        return reread(tx, userId)
      })
    },

    async removeMember(actor, { id, userId }, facts) {
      await database.inTenant(id, async (tx) => {
        const standing = await enterToChange(tx, actor, id)
        const member = await find(tx, userId)
        mustRemove(standing, member)
        await directory.mustKeepOwner(tx, [userId])
        await directory.endMemberships(tx, [userId])
        const action = userId === actor.userId ? 'members.leave' : 'members.remove'
        await finish(tx, actor, { action, targetId: userId, changes: { level: member.level } }, facts)
      })
    },
  }
}

interface MemberDeed {
  action: string
  targetId: string
  changes: Record<string, unknown>
}

async function find(tx: Tx, userId: string): Promise<queries.MemberRow> {
  const member = await queries.findMember(tx, userId)
  if (!member) throw tenantErrors('tenants.member_not_found')
  return member
}

async function reread(tx: Tx, userId: string): Promise<Member> {
  return toMember(await find(tx, userId))
}
