// Who may do what, and why: the matrix and the explanations, decided by the function that guards the routes.
import type { UserActor } from '../../../../core/actor.ts'
import { invalidField } from '../../../../core/errors.ts'
import { isPermission } from '../../../../core/permission.ts'
import { type Access, admits, endpointsOf, isPublic } from '../../../../drivers/http/index.ts'
import { unaliased } from '../catalogue.ts'
import { effectiveOf, findGrant, type Grant, type RoleGraph } from '../graph.ts'
import { rolesAsGraph } from '../inheritance.queries.ts'
import { keys } from '../permissions.queries.ts'
import type { AccessKind, Explanation, Matrix, Question, Verdict } from '../permissions.schema.ts'
import { findMember } from '../roles.queries.ts'
import type { RoleParts } from './parts.ts'

export interface Inspection {
  /** Every role against every permission and every mounted route. */
  matrix(actor: UserActor): Promise<Matrix>
  /** Why a user or a role may do something or not; without either, the actor themselves. */
  explain(actor: UserActor, question: Question): Promise<Explanation>
}

interface Subject {
  kind: 'user' | 'role'
  id: string
  name: string
  roleIds: string[]
  /** Why the subject can do nothing at all. */
  barred?: string
  /** What a personal access token leaves of the roles' grants. */
  limits?: ReadonlySet<string>
}

export function createInspection({ database, routes }: Pick<RoleParts, 'database' | 'routes'>): Inspection {
  async function subjectOf(actor: UserActor, { userId, roleId }: Question, graph: RoleGraph): Promise<Subject> {
    if (userId !== undefined && roleId !== undefined)
      throw invalidField('roleId', 'one_of', 'Ask about a user or about a role, not both.')
    if (roleId !== undefined) {
      const role = graph.get(roleId)
      if (!role) throw invalidField('roleId', 'unknown_role', `There is no role ${roleId}.`)
      return { kind: 'role', id: role.id, name: role.name, roleIds: [role.id] }
    }
    const wanted = userId ?? actor.userId
    const member = await findMember(database.tenant(actor.tenantId), wanted)
    if (!member) throw invalidField('userId', 'unknown_user', `There is no user ${wanted}.`)
    const { id, name, roleIds, status } = member
    return {
      kind: 'user',
      id,
      name,
      roleIds,
      ...(status !== 'ACTIVE' && { barred: `The account is ${status.toLowerCase()}.` }),
      ...(userId === undefined && actor.tokenId !== undefined && { limits: actor.permissions }),
    }
  }

  function accessOf({ permission, operation }: Question): Access {
    if ((permission === undefined) === (operation === undefined))
      throw invalidField('permission', 'one_of', 'Ask about a permission or about an operation.')
    if (permission !== undefined) {
      const asked = unaliased(permission)
      if (!isPermission(asked))
        throw invalidField('permission', 'not_a_permission', `${permission} is not a permission.`)
      return asked
    }
    const route = routes().find((one) => one.operation === operation)
    if (!route) throw invalidField('operation', 'unknown_operation', `There is no operation ${operation}.`)
    return route.access
  }

  return {
    async matrix(actor) {
      const db = database.tenant(actor.tenantId)
      const [roles, permissions] = await Promise.all([rolesAsGraph(db), keys(db)])
      const graph = new Map(roles.map((role) => [role.id, role]))
      const columns = roles.map(({ id }) => ({ id, ask: asker(stand(actor.tenantId, effectiveOf(graph, [id]))) }))
      const row = (access: Access) => Object.fromEntries(columns.map(({ id, ask }) => [id, ask(access)]))
      return {
        roles: roles.map(({ id, name, label, builtIn }) => ({ id, name, label, builtIn })),
        permissions: permissions.map(({ id, action }) => ({ id, action, roles: row(action) })),
        routes: endpointsOf(routes()).map(({ access, ...endpoint }) => ({
          ...endpoint,
          ...describeAccess(access),
          roles: row(access),
        })),
      }
    },

    async explain(actor, question) {
      const access = accessOf(question)
      const roles = await rolesAsGraph(database.tenant(actor.tenantId))
      const graph = new Map(roles.map((role) => [role.id, role]))
      const subject = await subjectOf(actor, question, graph)
      return { ...answer(graph, subject, access, actor.tenantId), operation: question.operation ?? null }
    },
  }
}

function answer(graph: RoleGraph, subject: Subject, access: Access, tenantId: string): Omit<Explanation, 'operation'> {
  const { kind, id, name, roleIds, barred, limits } = subject
  const described = describeAccess(access)
  const stands = stand(tenantId, limits ?? effectiveOf(graph, roleIds), limits !== undefined)
  const allowed = isPublic(access) || (!barred && admits(access, stands))
  const needed = described.permission
  const grant = allowed && needed !== null ? findGrant(graph, roleIds, needed) : undefined
  return {
    allowed,
    reason: reasonOf(access, { allowed, grant, barred, limited: limits !== undefined }),
    subject: { kind, id, name },
    ...described,
    grant: grant
      ? {
          permission: grant.permission,
          wildcard: grant.permission !== needed,
          role: grant.path.at(-1)!,
          path: grant.path,
        }
      : null,
    missing: allowed || barred ? null : needed,
  }
}

function reasonOf(
  access: Access,
  {
    allowed,
    grant,
    barred,
    limited,
  }: { allowed: boolean; grant: Grant | undefined; barred: string | undefined; limited: boolean },
): string {
  if (isPublic(access)) return `Open to anyone: ${access.public}.`
  if (barred) return barred
  if (access === 'admin') return 'Only an account of the back-office realm may do this.'
  if (access === 'user') return 'Every signed-in user may do this.'
  if (access === 'session')
    return allowed ? 'Every signed-in user may do this.' : 'A personal access token cannot do this.'
  if (!allowed) return `${limited ? 'The personal access token or its owner lacks' : 'No role grants'} ${access}.`
  const line = grant?.path.map((role) => role.name) ?? []
  const through = line.length > 1 ? `, by way of ${line.slice(0, -1).join(' → ')}` : ''
  return `The role ${line.at(-1)} grants ${grant?.permission}${through}.`
}

/** A signed-in person who holds just these permissions. */
function stand(tenantId: string, permissions: ReadonlySet<string>, byToken = false): UserActor {
  return {
    kind: 'user',
    userId: 'asked-about',
    tenantId,
    sessionId: byToken ? undefined : 'asked-about',
    tokenId: byToken ? 'asked-about' : undefined,
    level: 'MEMBER',
    permissions,
    authenticatedAt: 0,
  }
}

/** Asks the guard once for each rule: many routes share one. */
function asker(stands: UserActor): (access: Access) => Verdict {
  const asked = new Map<Access, Verdict>()
  return (access) => {
    let verdict = asked.get(access)
    if (!verdict) {
      verdict = admits(access, stands) ? 'allow' : 'deny'
      asked.set(access, verdict)
    }
    return verdict
  }
}

function describeAccess(access: Access): { access: AccessKind; permission: string | null } {
  if (isPublic(access)) return { access: 'public', permission: null }
  if (access === 'user' || access === 'session' || access === 'admin') return { access, permission: null }
  return { access: 'permission', permission: access }
}
