// The client's ledger of writes: what was acknowledged must be there, whole and once; what was refused must not.

import { PASSWORD, unique } from './harness.ts'
import { type Client, createClient, type Reply, register, type Somebody, signInAsAdmin } from './processes.ts'

type Outcome = 'acknowledged' | 'refused' | 'unknown' | 'unsent'

interface Write {
  /** The request id, which the audit trail keeps. */
  id: string
  action: 'auth.register' | 'users.create' | 'users.edit_own'
  outcome: Outcome
}

export interface LedgerFacts {
  acknowledged: number
  refused: number
  unknown: number
  /** Unknown ones that were done all the same. */
  unknownPresent: number
  faults: Record<'lost' | 'half' | 'ghost' | 'dup', string[]>
}

type Rows = <Row extends object>(text: string, values?: unknown[]) => Promise<Row[]>

export interface Ledger {
  /** Runs one write and enters how it ended. Undefined where there was no answer. */
  enter(action: Write['action'], write: (requestId: string) => Promise<Reply>): Promise<Reply | undefined>
  /** Resolves when the next write is acknowledged. */
  nextAcknowledgement(): Promise<void>
  /** Every answer that was neither success nor a refusal for the writer's own fault. */
  failures: { status: number; retryAfter: string | undefined; ms: number; text: string }[]
  /** Compares the ledger with the tables. */
  settle(rows: Rows): Promise<LedgerFacts>
}

export function createLedger({ unavailableIsUnknown = false } = {}): Ledger {
  const writes: Write[] = []
  const failures: Ledger['failures'] = []
  let waiting: (() => void)[] = []

  function outcomeOf({ status }: Reply): Outcome {
    if (status < 300) return 'acknowledged'
    // A server that loses the database at COMMIT cannot know, and says 503.
    return status === 503 && unavailableIsUnknown ? 'unknown' : 'refused'
  }

  return {
    failures,
    async enter(action, write) {
      const entry: Write = { id: unique('write-'), action, outcome: 'unknown' }
      writes.push(entry)
      const reply = await write(entry.id).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNREFUSED') entry.outcome = 'unsent'
        return undefined
      })
      if (!reply) return undefined
      entry.outcome = outcomeOf(reply)
      if (entry.outcome === 'acknowledged') {
        for (const go of waiting) go()
        waiting = []
      } else {
        const { status, headers, ms, text } = reply
        failures.push({ status, retryAfter: headers['retry-after'], ms, text })
      }
      return reply
    },
    nextAcknowledgement: () => new Promise((go) => waiting.push(go)),
    settle: (rows) => settle(writes, rows),
  }
}

async function settle(writes: Write[], rows: Rows): Promise<LedgerFacts> {
  const trail = await rows<{ requestId: string; action: string; entries: number }>(
    `SELECT "requestId", action, count(*)::int AS entries FROM audit_logs
     WHERE action IN ('auth.register', 'users.create', 'users.edit_own') AND "requestId" IS NOT NULL GROUP BY 1, 2`,
  )
  const done = new Map(trail.map(({ requestId, entries }) => [requestId, entries]))
  const named = (list: Write[]) => list.map(({ id, action }) => `${action} ${id}`)
  const of = (outcome: Outcome) => writes.filter((write) => write.outcome === outcome)
  return {
    acknowledged: of('acknowledged').length,
    refused: of('refused').length,
    unknown: of('unknown').length,
    unknownPresent: of('unknown').filter(({ id }) => done.has(id)).length,
    faults: {
      lost: named(of('acknowledged').filter(({ id }) => !done.has(id))),
      ghost: named([...of('refused'), ...of('unsent')].filter(({ id }) => done.has(id))),
      dup: named(writes.filter(({ id }) => (done.get(id) ?? 0) > 1)),
      half: (await rows<{ what: string }>(HALF_WRITES)).map(({ what }) => what),
    },
  }
}

// Every account with its membership, its role and its entry; every entry with its account; every profile as its last entry says.
const HALF_WRITES = `
  SELECT 'account ' || u.email || ' lacks a membership' AS what FROM users u
    WHERE NOT EXISTS (SELECT FROM memberships m WHERE m."userId" = u.id)
  UNION ALL SELECT 'account ' || u.email || ' lacks a role' FROM users u
    WHERE NOT EXISTS (SELECT FROM user_roles r WHERE r."userId" = u.id)
  UNION ALL SELECT 'account ' || u.email || ' has ' || count(a.id) || ' entries' FROM users u
    LEFT JOIN audit_logs a ON a."targetId" = u.id AND a.action IN ('auth.register', 'users.create')
    GROUP BY u.id, u.email HAVING count(a.id) <> 1
  UNION ALL SELECT 'entry ' || a.id || ' lacks its account' FROM audit_logs a
    WHERE a.action IN ('auth.register', 'users.create', 'users.edit_own') AND NOT EXISTS (SELECT FROM users u WHERE u.id = a."targetId")
  UNION ALL SELECT 'profile of ' || u.email || ' differs from its entry' FROM users u
    JOIN LATERAL (SELECT changes FROM audit_logs a WHERE a."targetId" = u.id AND a.action = 'users.edit_own' ORDER BY at DESC, seq DESC LIMIT 1) l ON true
    WHERE l.changes -> 'bio' ->> 1 IS DISTINCT FROM u.bio`

/**
 * Starts clients that write one after the other until the signal: registrations, accounts made by an administrator, and
 * changes of the writer's own profile. Resolves to a promise of their end once all of them are signed in.
 */
export async function writeUntil(
  signal: AbortSignal,
  url: () => string,
  ledger: Ledger,
  count: number,
): Promise<{ finished: Promise<void> }> {
  const client = createClient({ connections: count })
  const admin = await signInAsAdmin(client, url())
  const writers = await Promise.all(Array.from({ length: count }, () => register(client, url())))
  const finished = Promise.all(
    writers.map(async (writer, place) => {
      for (let turn = place; !signal.aborted; turn++) {
        const reply = await writeOnce(client, url(), ledger, { admin, writer, turn })
        // Whoever got no answer tries again a moment later, as a person would.
        if (!reply || reply.status >= 500) await new Promise((go) => setTimeout(go, 20))
      }
    }),
  ).then(() => client.close())
  return { finished }
}

function writeOnce(
  client: Client,
  url: string,
  ledger: Ledger,
  { admin, writer, turn }: { admin: Somebody; writer: Somebody; turn: number },
): Promise<Reply | undefined> {
  const headers = (id: string) => ({ 'x-request-id': id })
  switch (turn % 3) {
    case 0:
      return ledger.enter('auth.register', (id) =>
        client.call('POST', `${url}/api/v1/auth/register`, {
          headers: headers(id),
          json: { email: `${id}@example.com`, name: 'Mason Reed', password: PASSWORD },
        }),
      )
    case 1:
      return ledger.enter('users.create', (id) =>
        client.call('POST', `${url}/api/v1/users`, {
          headers: headers(id),
          token: admin.token,
          json: { email: `${id}@example.com`, name: 'Made Here', password: PASSWORD },
        }),
      )
    default:
      return ledger.enter('users.edit_own', (id) =>
        client.call('PATCH', `${url}/api/v1/users/me`, {
          headers: headers(id),
          token: writer.token,
          json: { bio: id },
        }),
      )
  }
}
