// Teams over HTTP.
import { alias, Deleted, IdParams, type Route, route } from '../../../drivers/http/index.ts'
import {
  MemberParams,
  MemberRemoved,
  NewMember,
  NewTeam,
  TeamChanges,
  TeamQuery,
  Teams as TeamsPage,
  TeamWithMembers,
} from './teams.schema.ts'
import type { Teams } from './teams.service.ts'

const OWNERS = ['teams.not_found', 'teams.owner_only'] as const

export function teamRoutes(teams: Teams): Route[] {
  const update = route({
    method: 'PATCH',
    path: '/teams/:id',
    operation: 'teams.edit',
    access: 'teams:edit',
    summary: 'Change a team, or give it to somebody else',
    description:
      'For its owner, and for whoever holds `teams:manage`. The old owner stays in the team as an administrator.',
    params: IdParams('team'),
    body: TeamChanges,
    answer: TeamWithMembers,
    errors: [...OWNERS, 'teams.changed_meanwhile'],
    handle: ({ actor, params, body, facts, ifMatch }) =>
      teams.update(actor, params.id, body, { version: ifMatch, facts }),
  })
  return [
    route({
      method: 'GET',
      path: '/teams',
      operation: 'teams.list',
      access: 'teams:view',
      summary: 'List the teams of the tenant',
      description: 'The total counts to 10,000.',
      query: TeamQuery,
      answer: TeamsPage,
      handle: ({ actor, query }) => teams.list(actor, query),
    }),
    route({
      method: 'GET',
      path: '/teams/:id',
      operation: 'teams.get',
      access: 'teams:view',
      summary: 'Read a team with its members',
      params: IdParams('team'),
      answer: TeamWithMembers,
      errors: ['teams.not_found'],
      handle: ({ actor, params }) => teams.get(actor, params.id),
    }),
    route({
      method: 'POST',
      path: '/teams',
      operation: 'teams.create',
      access: 'teams:edit',
      summary: 'Make a team',
      description: 'Whoever makes it owns it and is in it.',
      body: NewTeam,
      status: 201,
      answer: TeamWithMembers,
      handle: ({ actor, body, facts }) => teams.create(actor, body, facts),
    }),
    update,
    alias(update, { method: 'PUT', operation: 'teams.replace' }),
    route({
      method: 'POST',
      path: '/teams/:id/members',
      operation: 'teams.setMember',
      access: 'teams:edit',
      summary: 'Put somebody into a team, or change what they are in it',
      description: 'For its owner and its administrators; only the owner makes and unmakes administrators.',
      params: IdParams('team'),
      body: NewMember,
      answer: TeamWithMembers,
      errors: [...OWNERS, 'teams.managers_only', 'teams.owner_stays', 'teams.full'],
      handle: ({ actor, params, body, facts }) => teams.setMember(actor, params.id, body, facts),
    }),
    route({
      method: 'DELETE',
      path: '/teams/:id/members/:userId',
      operation: 'teams.removeMember',
      access: 'teams:view',
      summary: 'Take somebody out of a team, or leave it',
      description:
        'Everybody may leave; taking out others asks for `teams:edit` and a place as owner or administrator.',
      params: MemberParams,
      answer: MemberRemoved,
      errors: [...OWNERS, 'teams.managers_only', 'teams.member_not_found', 'teams.owner_stays'],
      handle: async ({ actor, params, facts }) => {
        await teams.removeMember(actor, params, facts)
        return { message: 'The person is no longer in the team.', teamId: params.id, userId: params.userId }
      },
    }),
    route({
      method: 'DELETE',
      path: '/teams/:id',
      operation: 'teams.delete',
      access: 'teams:edit',
      summary: 'Delete a team',
      description: 'What was shared with it is shared with it no longer; what belonged to it stays with its owners.',
      params: IdParams('team'),
      answer: Deleted,
      errors: OWNERS,
      handle: async ({ actor, params, facts }) => {
        await teams.remove(actor, params.id, facts)
        return { message: 'The team was deleted.', id: params.id }
      },
    }),
  ]
}
