// The people, tenants and credentials that the calls are made with. Everything is set up through the API.
import { ADMIN, type Answer, PASSWORD, type TestApp, unique } from '../harness.ts'
import type { Random } from '../random.ts'
import type { Caller, Offer } from './rules.ts'
import type { Level } from './state.ts'

export const API = '/api/v1'

export interface Person {
  id: string
  email: string
  password: string
  /** The newest sign-in; undefined before the first. */
  session?: Credential | undefined
}

export interface Credential {
  secret: string
  caller: Caller
  /** Of a personal access token or an impersonation. */
  id: string
}

export interface Invitation {
  id: string
  secret: string
  email: string | null
  offer: Offer
}

export interface World {
  ashlar: TestApp
  /** How often somebody signed in, which writes beside the calls that are judged. */
  signIns: number
  random: Random
  /** The default tenant first, where whoever registers is at home. */
  tenants: string[]
  people: Person[]
  root: Credential
  tokens: Credential[]
  impersonations: Credential[]
  invitations: Invitation[]
}

/** Signs somebody in, whatever tenant the session stands in. Undefined when they cannot. */
export async function signIn(
  world: Pick<World, 'ashlar' | 'signIns'>,
  person: Person,
): Promise<Credential | undefined> {
  world.signIns++
  const json = { login: person.email, password: person.password }
  const { status, body } = await world.ashlar.call('POST', `${API}/auth/login`, { json })
  if (status !== 200) return undefined
  const caller: Caller = { kind: 'session', userId: person.id, tenantId: body.user.tenantId }
  person.session = { secret: body.accessToken, caller, id: '' }
  return person.session
}

/** A new world beside those that were: two tenants of their own over the default one, with people of every kind in each. */
export async function makeWorld(ashlar: TestApp, random: Random): Promise<World> {
  const must = async (
    method: string,
    path: string,
    token: string,
    tenantId: string,
    json?: object,
  ): Promise<Answer> => {
    const headers = { 'x-tenant-id': tenantId }
    const answer = await ashlar.call(method, API + path, { token, headers, ...(json && { json }) })
    if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`)
    return answer
  }
  await sweep(ashlar)
  const root = (await ashlar.call('POST', `${API}/admin/auth/login`, { json: ADMIN })).body.accessToken
  const chief = await ashlar.admin()
  const people: Person[] = []
  const register = async (): Promise<Person> => {
    const { id, email } = await ashlar.person()
    people.push({ id, email, password: PASSWORD })
    return people.at(-1)!
  }
  const tokenOf = async (person: Person) => (person.session ?? (await signIn({ ashlar, signIns: 0 }, person)))!.secret

  /** Somebody at home in the tenant, with roles of their own. */
  const make = async (by: string, tenantId: string, permissions: readonly string[]): Promise<Person> => {
    const role = await must('POST', '/roles', by, tenantId, { name: unique('role'), permissions })
    const email = `${unique('e')}@example.com`
    const json = { email, password: PASSWORD, roleIds: [role.body.id] }
    const { body } = await must('POST', '/users', by, tenantId, json)
    people.push({ id: body.id, email, password: PASSWORD })
    return people.at(-1)!
  }
  const staff = async (by: string, tenantId: string) => {
    const made: Person[] = []
    for (const permissions of DELEGATES) made.push(await make(by, tenantId, permissions))
    return made
  }

  const tenants = ['default']
  const [first, second, shared] = [await register(), await register(), await register()]
  await staff(chief.token, 'default')
  await make(chief.token, 'default', ['*:*'])
  for (const owner of [first, second]) {
    const by = await tokenOf(owner)
    const { body } = await must('POST', '/tenants', by, 'default', { name: unique('Yard') })
    tenants.push(body.id)
    const [delegate, ...others] = await staff(by, body.id)
    const join = (userId: string, level: Level) =>
      must('POST', `/tenants/${body.id}/members`, by, body.id, { userId, level })
    // One person in both, one who owns the one and is nobody in the other, and an administrator of each.
    await join(shared.id, 'MEMBER')
    await join((owner === first ? second : first).id, 'MEMBER')
    const admin = await register()
    await join(admin.id, 'ADMIN')
    await join((await register()).id, 'OWNER')
    const setLevel = (userId: string, level: Level) =>
      must('PATCH', `/tenants/${body.id}/members/${userId}`, by, body.id, { level })
    await setLevel(delegate!.id, 'ADMIN')
    // An owner and an administrator of whose roles nothing is left: what they are worth is their level.
    const bare = others.at(-1)!
    await setLevel(bare.id, 'OWNER')
    for (const { id } of [bare, admin]) await must('PATCH', `/users/${id}`, by, body.id, { roleIds: [] })
  }
  const admin: Caller = { kind: 'admin', userId: '', tenantId: 'default' }
  return {
    ashlar,
    signIns: 0,
    random,
    tenants,
    people,
    root: { secret: root, caller: admin, id: '' },
    tokens: [],
    impersonations: [],
    invitations: [],
  }
}

/** Takes away the people and tenants of the world before: what they did is judged, and states stay small. */
async function sweep(ashlar: TestApp): Promise<void> {
  await ashlar.rows(`DELETE FROM tenants WHERE id <> 'default'`)
  await ashlar.rows('DELETE FROM users WHERE email <> $1', [ADMIN.email])
  await ashlar.rows(`DELETE FROM roles WHERE NOT "builtIn"`)
  await ashlar.rows(`DELETE FROM permissions WHERE NOT "builtIn"`)
}

/** What the delegates of a tenant hold: rights over roles, over people, over the tenant, of several kinds, and hardly any. */
const DELEGATES: readonly (readonly string[])[] = [
  ['roles:view', 'roles:edit', 'users:*', 'documents:view', 'files:view', 'tenants:view'],
  ['roles:*', 'documents:view', 'documents:edit'],
  ['users:view', 'users:create', 'users:edit', 'users:delete', 'ai:use'],
  ['*:view', '*:edit'],
  ['tenants:edit', 'tenants:view', 'roles:view'],
  ['users:view', 'roles:view'],
]

/** What is asked for in roles and scopes: wildcards of every form, aliases, and what nobody declared. */
export const WISHES = [
  ...['*', '*:*', '*:view', '*:edit', 'roles:*', 'users:*', 'documents:*', 'gold:*', 'gold:mine'],
  ...['roles:view', 'roles:edit', 'users:view', 'users:create', 'users:edit', 'users:delete', 'manage_roles'],
  ...['update_user', 'documents:view', 'documents:edit', 'files:view', 'ai:use', 'audit:view', 'tenants:edit'],
] as const
