// The two tenants of the proof: each with its people, and one object of every kind that the document lets somebody make.
import { randomBytes } from 'node:crypto'
import { UsageError } from '../arguments.ts'
import type { Client } from './client.ts'
import type { Operation } from './document.ts'
import { addFactor, type SecondFactor } from './factors.ts'
import { makeObjects, type Objects } from './objects.ts'
import { asking, newWord } from './words.ts'

export interface Person {
  id: string
  email: string
  token: string
  password: string
}

export interface Side {
  tenant: { id: string; slug: string }
  /**
   * Who asks: `owner`; `wide`, a member with every permission that a role can give; `plain`, one with none beyond membership;
   * `robot`, a personal access token of the owner; and, where the back office takes part, `support` in the name of `wide`.
   */
  people: Record<string, Person>
  objects: Objects
  /** The owner's. */
  factor: SecondFactor
  /** Adds a member without roles, for what only one's own account can do to itself. */
  newMember(): Promise<Person>
}

const API = '/api/v1'
// As many as one token takes.
const MAX_SCOPES = 50
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
    if (accessToken === undefined) throw new UsageError('A new account without a second factor is asked for one.')
    return { id: String(id), email, token: String(accessToken), password: secret }
  }
  const wide = await member([role.id])
  const robot = await post(client, '/tokens', headers, { name: 'proof', scopes: actions.slice(0, MAX_SCOPES) })
  const people: Side['people'] = {
    owner,
    wide,
    plain: await member([]),
    robot: { ...owner, token: String(robot.token) },
  }
  if (admin !== undefined) people.support = { ...wide, token: await actAs(client, admin, wide.id, tenant.id) }
  const factor = await addFactor(client, headers)
  const special = {
    factor: async () => (await addFactor(client, headers)).id,
    'deleted tenant': () => makeDeleted(client, owner.token),
    job: () => addJob(client, headers, secret),
    event: () => lastEvent(client, headers),
    'mail template': () => addTemplate(client, headers),
    conversation: () => addGroup(client, headers, people.wide!.id),
    'AI answer': () => addAnswer(client, headers),
    notification: () => addNotification(client, owner.id, { writer: asking(wide.token, tenant.id), owner: headers }),
  }
  const objects = await makeObjects(client, operations, { owner: owner.token, tenantId: tenant.id, admin, special })
  return { tenant, people, objects, factor, newMember: () => member([]) }
}

async function actAs(client: Client, admin: string, userId: string, tenantId: string): Promise<string> {
  const about = { userId, tenantId, reason: 'Proof of isolation' }
  return String((await post(client, '/admin/impersonate', asking(admin), about)).accessToken)
}

async function makeDeleted(client: Client, owner: string): Promise<string> {
  const { id } = await post(client, '/tenants', asking(owner), { name: `Proof ${newWord()}` })
  await client.succeed({ method: 'DELETE', path: `${API}/tenants/${id}`, headers: asking(owner) })
  return String(id)
}

async function register(client: Client, email: string, secret: string): Promise<Person> {
  const answer = await post(client, '/auth/register', {}, { email, name: 'Proof', password: secret })
  if (answer.accessToken === undefined)
    throw new UsageError('The proof needs accounts that can sign in at once: REQUIRE_EMAIL_VERIFICATION must be off.')
  return { id: String((answer.user as { id: unknown }).id), email, token: String(answer.accessToken), password: secret }
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

/** Known by its name, which no other tenant may read. */
async function addTemplate(client: Client, headers: Record<string, string>): Promise<string> {
  const name = newWord()
  await client.succeed({
    method: 'PUT',
    path: `${API}/mail/templates/${name}`,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ locale: 'en', subject: 'Proof', html: '<p>Proof</p>' }),
  })
  return name
}

async function addGroup(client: Client, headers: Record<string, string>, memberId: string): Promise<string> {
  const body = { name: `Proof ${newWord()}`, memberIds: [memberId] }
  return String((await post(client, '/messages/conversations', headers, body)).id)
}

/** Where no language model answers there is none: then a name stands for it that nothing has. */
async function addAnswer(client: Client, headers: Record<string, string>): Promise<string> {
  const { status, text } = await client.send(
    {
      method: 'POST',
      path: `${API}/ai/ask`,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query: 'Proof?', stream: false }),
    },
    0,
  )
  return status === 200 ? String((JSON.parse(text) as { id: unknown }).id) : newWord()
}

/** Somebody writes to the owner, in a conversation of its own: several messages of one are told together. */
async function addNotification(
  client: Client,
  ownerId: string,
  { writer, owner }: Record<'writer' | 'owner', Record<string, string>>,
): Promise<string> {
  const conversationId = await addGroup(client, writer, ownerId)
  await post(client, '/messages/send', writer, { conversationId, content: 'Proof' })
  const { data } = await client.succeed({ method: 'GET', path: `${API}/notifications?kind=message`, headers: owner })
  return String((data as { id: unknown }[])[0]?.id)
}

/** The id of what happened last: a stream begins with it. */
async function lastEvent(client: Client, headers: Record<string, string>): Promise<string> {
  const { text } = await client.send({ method: 'GET', path: `${API}/events`, headers })
  return /^id: (\S+)$/m.exec(text)?.[1] ?? ''
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
  for (const { token } of [wide!, plain!]) await remove('/users/me', token)
  await remove(`/tenants/${tenant.id}`, owner!.token)
  await client.send({ method: 'DELETE', path: `${API}/users/me`, headers: asking(owner!.token) })
}
