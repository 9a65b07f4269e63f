// The two tenants of the proof: each with its people, and one object of every kind that the document lets somebody make.
import { randomBytes } from 'node:crypto'
import { codeAt, fromBase32, stepAt } from '../../modules/identity/mfa/index.ts'
import { UsageError } from '../arguments.ts'
import type { Client } from './client.ts'
import type { Operation } from './document.ts'
import { makeObjects, type Objects } from './objects.ts'
import { asking, newWord } from './words.ts'

export interface Person {
  id: string
  token: string
  password: string
}

/** Who asks: the owner, a member with every permission that a role can give, and one with none beyond membership. */
export const ASKERS = ['owner', 'wide', 'plain'] as const
export type Asker = (typeof ASKERS)[number]

export interface Side {
  tenant: { id: string; slug: string }
  people: Record<Asker, Person>
  objects: Objects
  /** Adds a member without roles, for what only one's own account can do to itself. */
  newMember(): Promise<Person>
}

const API = '/api/v1'
// A stranger to the installation must not be able to use what a failed clean-up leaves.
const password = () => `Aa1!${randomBytes(18).toString('base64url')}`

/** Signs in at the back office. */
export async function signInAdmin(client: Client, login: string, secret: string): Promise<string> {
  const answer = await post(client, '/admin/auth/login', {}, { username: login, password: secret })
  return String(answer.accessToken)
}

async function post(client: Client, path: string, headers: Record<string, string>, json: object) {
  return client.succeed({
    method: 'POST',
    path: API + path,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(json),
  })
}

/** Makes a tenant with its people and objects. `admin` is a token of the back office. */
export async function makeSide(client: Client, operations: Operation[], admin?: string): Promise<Side> {
  const word = newWord()
  const secret = password()
  const owner = await register(client, `${word}@example.com`, secret)
  const made = await post(client, '/tenants', asking(owner.token), { name: `Proof ${word}` })
  const tenant = { id: String(made.id), slug: String(made.slug) }
  const headers = asking(owner.token, tenant.id)
  const { data } = await client.succeed({ method: 'GET', path: `${API}/permissions?limit=100`, headers })
  const actions = (data as { action: string }[]).map(({ action }) => action).filter((action) => !action.includes('*'))
  const role = await post(client, '/roles', headers, { name: `wide${word}`, permissions: actions })
  const member = async (roleIds: unknown[]): Promise<Person> => {
    const email = `${newWord()}@example.com`
    const { id } = await post(client, '/users', headers, { email, name: 'Proof', password: secret, roleIds })
    const { accessToken } = await post(client, '/auth/login', {}, { email, password: secret })
    return { id: String(id), token: String(accessToken), password: secret }
  }
  const people = { owner, wide: await member([role.id]), plain: await member([]) }
  const special = { factor: () => addFactor(client, headers), job: () => addJob(client, headers, secret) }
  const objects = await makeObjects(client, operations, { owner: owner.token, tenantId: tenant.id, admin, special })
  return { tenant, people, objects, newMember: () => member([]) }
}

async function register(client: Client, email: string, secret: string): Promise<Person> {
  const answer = await post(client, '/auth/register', {}, { email, name: 'Proof', password: secret })
  if (answer.accessToken === undefined)
    throw new UsageError('The proof needs accounts that can sign in at once: REQUIRE_EMAIL_VERIFICATION must be off.')
  return { id: String((answer.user as { id: unknown }).id), token: String(answer.accessToken), password: secret }
}

/** An authenticator app of one's own, confirmed by its first code. */
async function addFactor(client: Client, headers: Record<string, string>): Promise<string> {
  const { id, secret } = await post(client, '/auth/mfa/totp/enroll', headers, { name: 'Proof' })
  const code = codeAt(fromBase32(String(secret)), stepAt(Date.now()))
  await post(client, '/auth/mfa/totp/confirm', headers, { id, code })
  return String(id)
}

/** What a change of address leaves to be done. */
async function addJob(client: Client, headers: Record<string, string>, secret: string): Promise<string> {
  await post(client, '/auth/change-email', headers, { email: `${newWord()}@example.com`, password: secret })
  const { data } = await client.succeed({
    method: 'GET',
    path: `${API}/jobs?name=auth.change_address&limit=1`,
    headers,
  })
  return String((data as { id: unknown }[])[0]?.id)
}

/** Whatever names the tenant, its people or its objects: nobody else's answers may have it. */
export function marksOf({ tenant, people, objects }: Side): string[] {
  return [tenant.slug, ...Object.values(people).map(({ id }) => id), ...objects.ids()]
}

/** Deletes the tenant and its people, as far as they let themselves be deleted. */
export async function removeSide(client: Client, { tenant, people }: Side): Promise<void> {
  const { owner, wide, plain } = people
  const remove = (path: string, token: string) =>
    client.send({ method: 'DELETE', path: API + path, headers: asking(token, tenant.id) })
  for (const { token } of [wide, plain]) await remove('/users/me', token)
  await remove(`/tenants/${tenant.id}`, owner.token)
  await client.send({ method: 'DELETE', path: `${API}/users/me`, headers: asking(owner.token) })
}
