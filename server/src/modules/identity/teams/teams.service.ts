// Teams: groups of members of a tenant, to share with.
import type { UserActor } from '../../../core/actor.ts'
import { requestErrors } from '../../../core/errors.ts'
import { differences } from '../../../core/events.ts'
import { newId } from '../../../core/ids.ts'
import { type Page, pageAt } from '../../../core/page.ts'
import { grantFor } from '../../../core/permission.ts'
import { normalizeName } from '../../../core/text.ts'
import type { Database, Executor, Tx } from '../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../drivers/http/index.ts'
import type { Audit } from '../../foundation/audit/index.ts'
import type { Events } from '../../foundation/events/index.ts'
import { mustBeMember, mustBeMembers } from '../tenants/index.ts'
import { teamErrors } from './teams.errors.ts'
import { memberSet } from './teams.events.ts'
import { mustManage, mustOwn } from './teams.policy.ts'
import * as queries from './teams.queries.ts'
import {
  type NewMember,
  type NewTeam,
  type Team,
  type TeamChanges,
  type TeamQuery,
  type TeamWithMembers,
  toMember,
  toTeam,
} from './teams.schema.ts'

export interface Teams {
  list(actor: UserActor, query: TeamQuery): Promise<Page<Team>>
  get(actor: UserActor, id: string): Promise<TeamWithMembers>
  create(actor: UserActor, body: NewTeam, facts: RequestFacts): Promise<TeamWithMembers>
  /** Changes what the team is called, or gives it to somebody else; the old owner stays in it as an administrator. */
  update(actor: UserActor, id: string, changes: TeamChanges, at: ChangeFacts): Promise<TeamWithMembers>
  remove(actor: UserActor, id: string, facts: RequestFacts): Promise<void>
  /** Puts a member of the tenant into the team, or changes what they are in it. */
  setMember(actor: UserActor, id: string, member: NewMember, facts: RequestFacts): Promise<TeamWithMembers>
  /** What teams are called, for whoever may see teams. */
  namesOf(actor: UserActor, ids: readonly string[]): Promise<Map<string, string>>
  /** Takes somebody out of the team, or lets the caller leave. */
  removeMember(actor: UserActor, at: { id: string; userId: string }, facts: RequestFacts): Promise<void>
}

export interface ChangeFacts {
  version: number | undefined
  facts: RequestFacts
}

export interface TeamParts {
  database: Pick<Database, 'tenant' | 'inTenant'>
  audit: Pick<Audit, 'record'>
  events: Pick<Events, 'publish'>
}

const MAX_MEMBERS = 1_000

export function createTeams({ database, audit, events }: TeamParts): Teams {
  async function find(db: Executor, actor: UserActor, id: string): Promise<queries.TeamRow> {
    const team = await queries.find(db, id, actor.userId)
    if (!team) throw teamErrors('teams.not_found')
    return team
  }

  async function withMembers(db: Executor, actor: UserActor, id: string): Promise<TeamWithMembers> {
    const team = await find(db, actor, id)
    return { ...toTeam(team), members: (await queries.members(db, id, MAX_MEMBERS)).map(toMember) }
  }

  /** One change of a team; whoever else changes it waits. */
  function change<T>(actor: UserActor, id: string, work: (tx: Tx, team: queries.TeamRow) => Promise<T>): Promise<T> {
    return database.inTenant(actor.tenantId, async (tx) => {
      await queries.lock(tx, id)
      return work(tx, await find(tx, actor, id))
    })
  }

  function record(tx: Tx, actor: UserActor, { action, id, changes }: TeamDeed, facts: RequestFacts): void {
    audit.record(tx, actor, { action, targetType: 'team', targetId: id, changes }, facts)
  }

  return {
    async list(actor, query) {
      const db = database.tenant(actor.tenantId)
      const page = pageAt(query, query.sortBy === 'name' ? 'string' : 'time')
      const [rows, total] = await Promise.all([
        queries.list(db, query, actor.userId, page.place),
        queries.count(db, query, actor.userId),
      ])
      return page.answer(rows, total, toTeam)
    },

    get: (actor, id) => withMembers(database.tenant(actor.tenantId), actor, id),

    create: (actor, { name: sent, description = null, avatar = null, memberIds = [] }, facts) =>
      database.inTenant(actor.tenantId, async (tx) => {
        const [id, name] = [newId(), normalizeName(sent, 'name')]
        await mustBeMembers(tx, memberIds, 'memberIds')
        await queries.insert(tx, { id, name, description, avatar, ownerId: actor.userId })
        await queries.addMembers(tx, id, [actor.userId, ...memberIds])
        record(tx, actor, { action: 'teams.create', id, changes: { name, memberIds } }, facts)
        for (const userId of memberIds.filter((one) => one !== actor.userId))
          events.publish(tx, memberSet, { aggregateId: id, payload: { userId, added: true }, actor })
        return withMembers(tx, actor, id)
      }),

    update: (actor, id, { name: sent, description, avatar, ownerId }, { version, facts }) =>
      change(actor, id, async (tx, team) => {
        mustOwn(actor, team.role)
        const name = sent === undefined ? undefined : normalizeName(sent, 'name')
        if (ownerId !== undefined) await mustBeMember(tx, ownerId, 'ownerId')
        const changes = { name, description, avatar, ownerId }
        if (!(await queries.update(tx, id, changes, version))) throw teamErrors('teams.changed_meanwhile')
        if (ownerId !== undefined && ownerId !== team.ownerId) {
          await queries.addMembers(tx, id, [ownerId])
          await queries.setMember(tx, id, team.ownerId, 'admin')
        }
        record(tx, actor, { action: 'teams.edit', id, changes: differences(team, changes) }, facts)
        return withMembers(tx, actor, id)
      }),

    remove: (actor, id, facts) =>
      change(actor, id, async (tx, team) => {
        mustOwn(actor, team.role)
        await queries.remove(tx, id)
        record(tx, actor, { action: 'teams.delete', id, changes: { name: team.name } }, facts)
      }),

    setMember: (actor, id, { userId, role = 'member' }, facts) =>
      change(actor, id, async (tx, team) => {
        mustManage(actor, team.role, role)
        await mustBeMember(tx, userId, 'userId')
        const before = await queries.roleIn(tx, id, userId)
        if (before === 'owner') throw teamErrors('teams.owner_stays')
        if (before === 'admin') mustOwn(actor, team.role)
        if (before === undefined && team.memberCount >= MAX_MEMBERS) throw teamErrors('teams.full')
        if (before !== role) {
          await queries.setMember(tx, id, userId, role)
          const changes = { userId, role: [before ?? null, role] }
          record(tx, actor, { action: 'teams.member', id, changes }, facts)
        }
        return withMembers(tx, actor, id)
      }),

    async namesOf(actor, ids) {
      if (!grantFor(actor.permissions, 'teams:view')) return new Map()
      const rows = await queries.names(database.tenant(actor.tenantId), ids)
      return new Map(rows.map(({ id, name }) => [id, name]))
    },

    removeMember: (actor, { id, userId }, facts) =>
      change(actor, id, async (tx, team) => {
        const role = await queries.roleIn(tx, id, userId)
        if (userId !== actor.userId) {
          // The route lets everybody in who sees teams, so that they can leave theirs.
          if (!grantFor(actor.permissions, 'teams:edit'))
            throw requestErrors('access.forbidden', { facts: { permission: 'teams:edit' } })
          mustManage(actor, team.role, role === 'admin' ? 'admin' : 'member')
        }
        if (role === undefined) throw teamErrors('teams.member_not_found')
        if (role === 'owner') throw teamErrors('teams.owner_stays')
        await queries.removeMember(tx, id, userId)
        const action = userId === actor.userId ? 'teams.leave' : 'teams.remove_member'
        record(tx, actor, { action, id, changes: { userId, role } }, facts)
      }),
  }
}

interface TeamDeed {
  action: string
  id: string
  changes: Record<string, unknown>
}
