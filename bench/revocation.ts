// How long a credential that was ended on one of three processes still works on the other two.
import type { Report } from './report.ts'
import { type Bench, type Installation, signIn, tokensOf } from './servers.ts'

const PROCESSES = 3
const TRIALS = 60
const PASSWORD = 'Gr4nite-Quarry!'
const LONGEST_MS = 5_000

interface Held {
  id: string
  email: string
  /** Ended by the change. */
  token: string
  /** Makes it. */
  by: string
  tenantId?: string
}

interface Way {
  what: string
  prepare?(person: Held): Promise<void>
  end(person: Held): Promise<unknown>
}

export async function measureRevocation(bench: Bench, report: Report): Promise<void> {
  const database = await bench.database('bench_revocation', 100)
  const processes: Installation[] = []
  for (let count = 0; count < PROCESSES; count++) processes.push(await bench.ashlar(database))
  const [first, ...others] = processes as [Installation, ...Installation[]]
  const admin = await signIn(first.url, 'administrator', 'Adm1n-Passw0rd!')
  for (const way of waysOn(first.url, admin)) {
    const delays: number[] = []
    for (let trial = 0; trial < TRIALS; trial++) delays.push(await timed(first.url, others, way))
    delays.sort((a, b) => a - b)
    const at = (share: number) => delays[Math.min(delays.length - 1, Math.floor(share * delays.length))]!
    report.revocations.push({ what: way.what, p50Ms: at(0.5), p99Ms: at(0.99) })
  }
  for (const process of processes) await process.stop()
}

/** Milliseconds from the answer to the change until both other processes refuse what it ended. */
async function timed(url: string, others: Installation[], { prepare, end }: Way): Promise<number> {
  const person = await newcomer(url)
  await prepare?.(person)
  for (const other of others)
    if (await refuses(other.url, person)) throw new Error('Refused before anything was ended.')
  await end(person)
  const ended = performance.now()
  await Promise.all(
    others.map(async (other) => {
      while (!(await refuses(other.url, person)))
        if (performance.now() - ended > LONGEST_MS) throw new Error('What was ended still works.')
    }),
  )
  return performance.now() - ended
}

async function refuses(url: string, { token, tenantId }: Held): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}`, ...(tenantId !== undefined && { 'x-tenant-id': tenantId }) }
  const answer = await fetch(`${url}/api/v1/auth/me`, { headers })
  await answer.text()
  return !answer.ok
}

async function newcomer(url: string): Promise<Held> {
  const email = `${crypto.randomUUID()}@example.com`
  const { user, accessToken } = await sent(url, 'POST', '/auth/register', '', {
    email,
    name: 'Mason',
    password: PASSWORD,
  })
  return { id: user.id, email, token: accessToken, by: accessToken }
}

function waysOn(url: string, admin: string): Way[] {
  const send = (method: string, path: string, token: string, json?: object) => sent(url, method, path, token, json)
  const inTenant = async (person: Held) => {
    const { id } = await send('POST', '/tenants', admin, { name: 'Yard' })
    await send('POST', `/tenants/${id}/members`, admin, { userId: person.id })
    person.tenantId = id
  }
  return [
    { what: 'signing out', end: ({ token }) => send('POST', '/auth/logout', token, {}) },
    { what: 'signing out everywhere', end: ({ token }) => send('POST', '/auth/logout-all', token, {}) },
    {
      what: 'another password, for the other sessions',
      async prepare(person) {
        person.by = (await tokensOf(url, person.email, PASSWORD))!.accessToken
      },
      end: ({ by }) =>
        send('POST', '/auth/change-password', by, { oldPassword: PASSWORD, newPassword: 'An0ther-Quarry!' }),
    },
    {
      what: 'revoking a personal access token',
      async prepare(person) {
        const made = await send('POST', '/tokens', person.token, { name: 'bench', scopes: ['dashboard:view'] })
        person.token = made.token
        person.id = made.id
      },
      end: ({ by, id }) => send('DELETE', `/tokens/${id}`, by),
    },
    {
      what: 'suspending the account',
      end: ({ id }) => send('PATCH', `/users/${id}/status`, admin, { status: 'SUSPENDED' }),
    },
    { what: 'deleting the account', end: ({ id }) => send('DELETE', `/users/${id}`, admin) },
    {
      what: 'removing a member from a tenant',
      prepare: inTenant,
      end: ({ tenantId, id }) => send('DELETE', `/tenants/${tenantId}/members/${id}`, admin),
    },
    {
      what: 'deleting a tenant',
      prepare: inTenant,
      end: ({ tenantId }) => send('DELETE', `/tenants/${tenantId}`, admin),
    },
  ]
}

async function sent(url: string, method: string, path: string, token: string, json?: object) {
  const answer = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: {
      ...(json && { 'content-type': 'application/json' }),
      ...(token && { authorization: `Bearer ${token}` }),
    },
    ...(json && { body: JSON.stringify(json) }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`)
  return JSON.parse(text)
}
