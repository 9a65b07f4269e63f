// Whom the requests are sent as, and whose things they name: a tenant with one object of every kind, made anew as it is used up.
import { createClient } from '../../src/cli/isolation/client.ts'
import { type Operation, operationsOf } from '../../src/cli/isolation/document.ts'
import { makeSide, type Side, signInAdmin } from '../../src/cli/isolation/sides.ts'
import { asking, newWord } from '../../src/cli/isolation/words.ts'
import type { Route } from '../../src/drivers/http/routes.ts'
import { ADMIN, PASSWORD, type TestApp } from '../harness.ts'
import type { Known } from './hostile.ts'

export const ROLES = ['nobody', 'member', 'admin'] as const
export type Role = (typeof ROLES)[number]

export interface World {
  /** Makes the tenant, with its people and things, anew. */
  renew(): Promise<void>
  /** What the requests know of the tenant. */
  known(): Known
  /** The headers of whoever asks: a request that writes may sign out or delete them. */
  headersOf(role: Role, route: Route): Promise<Record<string, string>>
}

const API = '/api/v1'

export async function makeWorld(ashlar: TestApp, documents: readonly object[]): Promise<World> {
  const client = createClient(ashlar.url)
  const operations: Operation[] = documents.flatMap((document) => operationsOf(document as Record<string, unknown>))
  let side: Side
  let office: string
  let reader: string

  const post = (path: string, headers: Record<string, string>, json: object) =>
    client.succeed({
      method: 'POST',
      path: API + path,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(json),
    })

  async function renew(): Promise<void> {
    office = await signInAdmin(client, ADMIN.email, ADMIN.password)
    side = await makeSide(client, operations, office)
    reader = await newMember()
  }

  /** Somebody with the role that everybody has. */
  async function newMember(): Promise<string> {
    const headers = asking(side.people.owner!.token, side.tenant.id)
    const { data } = await client.succeed({ method: 'GET', path: `${API}/roles?search=user&limit=100`, headers })
    const role = (data as { id: string; name: string }[]).find(({ name }) => name === 'user')!
    const email = `${newWord()}@example.com`
    await post('/users', headers, { email, name: 'Hostile', password: PASSWORD, roleIds: [role.id] })
    return String((await post('/auth/login', {}, { email, password: PASSWORD })).accessToken)
  }

  async function newAdministrator(): Promise<string> {
    const account = { username: newWord(), email: `${newWord()}@example.com`, password: PASSWORD }
    await post('/admin/admins', asking(office), account)
    return signInAdmin(client, account.username, PASSWORD)
  }

  async function owner(): Promise<Record<string, string>> {
    const headers = () => asking(side.people.owner!.token, side.tenant.id)
    const { status } = await client.send({ method: 'GET', path: `${API}/auth/me`, headers: headers() })
    if (status !== 200) await renew()
    return headers()
  }

  return {
    renew,
    known: () => ({
      own: (noun) => side.objects.get(noun) ?? (noun === 'user' ? side.people.plain!.id : undefined),
      word: newWord(),
      secret: side.people.owner!.password,
    }),
    async headersOf(role, { method, access }) {
      if (role === 'nobody') return {}
      const headers = await owner()
      if (role === 'member') return asking(method === 'GET' ? reader : await newMember())
      if (access !== 'admin') return headers
      return asking(method === 'GET' ? office : await newAdministrator())
    },
  }
}
