// Who holds what, read from the tables past every policy, and worked out here a second time, without the server's code.
import type pg from 'pg'

export type Level = 'OWNER' | 'ADMIN' | 'MEMBER'
export const RANK: Record<Level, number> = { MEMBER: 0, ADMIN: 1, OWNER: 2 }

export interface Account {
  active: boolean
  deleted: boolean
  home: string | null
  /** Changes with the address or the password: whoever sets it can sign in. */
  secret: string
}

export interface Role {
  id: string
  tenantId: string
  name: string
  builtIn: boolean
  permissions: string[]
  parents: string[]
}

export interface State {
  /** Everything of a tenant that says who may do what there, as one text. */
  tenantTexts: Map<string, string>
  users: Map<string, Account>
  /** Live ones say so; the role is the one that newcomers get where the tenant names one. */
  tenants: Map<string, { live: boolean; defaultRole: string | null }>
  levels: Map<string, Level>
  held: Map<string, string[]>
  roles: Map<string, Role>
  tokens: Map<string, { tenantId: string; userId: string; scopes: string[]; revoked: boolean }>
  permissions: Map<string, { tenantId: string; action: string; builtIn: boolean }>
}

/** A person in a tenant, as one key. */
export const at = (tenantId: string, userId: string) => `${tenantId}/${userId}`

const QUERY = `SELECT json_build_object(
  'users', (SELECT json_agg(json_build_object('id', id, 'active', status = 'ACTIVE', 'deleted', "deletedAt" IS NOT NULL,
     'home', "homeTenantId", 'secret', md5(email || password))) FROM users),
  'tenants', (SELECT json_agg(json_build_object('id', id, 'live', status = 'ACTIVE' AND "deletedAt" IS NULL,
     'defaultRole', settings ->> 'defaultRole')) FROM tenants),
  'levels', (SELECT json_agg(json_build_object('tenantId', "tenantId", 'userId', "userId", 'level', level) ORDER BY "tenantId", "userId") FROM memberships),
  'held', (SELECT json_agg(json_build_object('tenantId', "tenantId", 'userId', "userId", 'roleId', "roleId") ORDER BY "userId", "roleId") FROM user_roles),
  'roles', (SELECT json_agg(json_build_object('id', r.id, 'tenantId', r."tenantId", 'name', r.name, 'builtIn', r."builtIn",
     'permissions', ARRAY(SELECT p.action FROM role_permissions g JOIN permissions p ON p.id = g."permissionId" WHERE g."roleId" = r.id ORDER BY 1),
     'parents', ARRAY(SELECT "parentId" FROM role_parents q WHERE q."roleId" = r.id ORDER BY 1)) ORDER BY r."createdAt", r.name) FROM roles r),
  'tokens', (SELECT COALESCE(json_agg(json_build_object('id', id, 'tenantId', "tenantId", 'userId', "userId", 'scopes', scopes,
     'revoked', "revokedAt" IS NOT NULL) ORDER BY id), '[]') FROM personal_access_tokens),
  'permissions', (SELECT json_agg(json_build_object('id', id, 'tenantId', "tenantId", 'action', action, 'builtIn', "builtIn")
     ORDER BY "createdAt", action) FROM permissions)
) AS state`

interface Place {
  tenantId: string
  userId: string
}

/** Reads the state of the whole installation. */
export async function readState(client: pg.Client): Promise<State> {
  const { rows } = await client.query({ name: 'state', text: QUERY })
  const { users, tenants, levels, held, roles, tokens, permissions } = rows[0].state
  const byId = <T>(list: unknown): Map<string, T> =>
    new Map((list as (T & { id: string })[]).map((one) => [one.id, one]))
  const heldBy = new Map<string, string[]>()
  for (const { tenantId, userId, roleId } of held as (Place & { roleId: string })[])
    heldBy.set(at(tenantId, userId), [...(heldBy.get(at(tenantId, userId)) ?? []), roleId])
  return {
    tenantTexts: textsOf([levels, held, roles, tokens, permissions]),
    users: byId(users),
    tenants: byId(tenants),
    levels: new Map((levels as (Place & { level: Level })[]).map((one) => [at(one.tenantId, one.userId), one.level])),
    held: heldBy,
    roles: byId(roles),
    tokens: byId(tokens),
    permissions: byId(permissions),
  }
}

function textsOf(lists: { tenantId: string }[][]): Map<string, string> {
  const texts = new Map<string, string>()
  for (const list of lists)
    for (const one of list) texts.set(one.tenantId, (texts.get(one.tenantId) ?? '') + JSON.stringify(one))
  return texts
}

/** What a role grants, with everything above it. */
export function grantsOf(state: State, roleIds: Iterable<string>): Set<string> {
  const granted = new Set<string>()
  const seen = new Set<string>(roleIds)
  for (const id of seen) {
    const role = state.roles.get(id)
    for (const permission of role?.permissions ?? []) granted.add(permission)
    for (const parent of role?.parents ?? []) seen.add(parent)
  }
  return granted
}

const known = new WeakMap<State, Map<string, Set<string>>>()

/** What somebody's roles grant in a tenant, whether or not they can sign in at the moment. */
export function holds(state: State, tenantId: string, userId: string): Set<string> {
  const sets = known.get(state) ?? new Map<string, Set<string>>()
  known.set(state, sets)
  const key = at(tenantId, userId)
  const held = sets.get(key) ?? grantsOf(state, state.held.get(key) ?? [])
  sets.set(key, held)
  return held
}

/** Whether the account can work in the tenant at all. */
export function isInside(state: State, tenantId: string, userId: string): boolean {
  const account = state.users.get(userId)
  const live = state.tenants.get(tenantId)?.live === true
  return live && account?.active === true && !account.deleted && state.levels.has(at(tenantId, userId))
}

/** Whether one granted permission covers another one: everything, a resource, a verb, or just itself. */
export function covers(granted: string, asked: string): boolean {
  const [resource, verb = '*'] = granted.split(':')
  const [askedResource, askedVerb = '*'] = asked.split(':')
  return (resource === '*' || resource === askedResource) && (verb === '*' || verb === askedVerb)
}

export function isCovered(granted: Iterable<string>, asked: string): boolean {
  for (const one of granted) if (covers(one, asked)) return true
  return false
}

/** The role that comes with a level in a tenant: in the default one its id is its name. */
export function roleOfLevel(state: State, tenantId: string, level: Level): string | undefined {
  const named = (name: string) =>
    [...state.roles.values()].find((role) => role.tenantId === tenantId && role.name === name)?.id
  if (level === 'OWNER') return named('admin')
  if (level === 'ADMIN') return named('manager')
  const chosen = state.tenants.get(tenantId)?.defaultRole
  return chosen && state.roles.get(chosen)?.tenantId === tenantId ? chosen : named('user')
}
