// A large installation that is served: who asks there, and the ids of things that they may name.
import { ADMIN, type Person, startApp, type TestApp } from '../harness.ts'
import { fillBig } from './fill.ts'
import type { Amounts } from './tables.ts'

export interface BigWorld {
  ashlar: TestApp
  admin: Person
  member: Person
  /** A token of the back office. */
  office: string
  /** By what it is an id of. */
  ids: Map<string, string>
}

/** Every table that grows, at the same size, and a tenth as many tenants. */
export function everything(rows: number): Amounts {
  const names =
    'accounts documents files messages notifications calendar audit activities events sessions mails answers jobs'
  return { ...Object.fromEntries(names.split(' ').map((name) => [name, rows])), tenants: rows / 10 }
}

export async function startBig(amounts: Amounts, options: Parameters<typeof startApp>[0] = {}): Promise<BigWorld> {
  const ashlar = await startApp(options)
  try {
    const [admin, member] = [await ashlar.admin(), await ashlar.person()]
    // The rows of jobs are copies of one that was done.
    if (amounts.jobs) await ashlar.call('POST', '/api/v1/auth/forgot-password', { json: { email: member.email } })
    await fillBig(ashlar.database.adminUrl, amounts, { admin: admin.id, member: member.id })
    const signedIn = await ashlar.call('POST', '/api/v1/admin/auth/login', { json: ADMIN })
    return {
      ashlar,
      admin,
      member,
      office: signedIn.body.accessToken,
      ids: await idsIn(ashlar, admin, Boolean(amounts.jobs)),
    }
  } catch (error) {
    await ashlar.stop()
    throw error
  }
}

/** One of each kind: the administrator's, where things are somebody's. */
async function idsIn(ashlar: TestApp, admin: Person, withJobs: boolean): Promise<Map<string, string>> {
  const mine = `= '${admin.id}'`
  const places: Record<string, string> = {
    role: `SELECT id FROM roles WHERE "tenantId" = 'default' AND name = 'user'`,
    permission: `SELECT id FROM permissions WHERE "tenantId" = 'default' LIMIT 1`,
    ...(withJobs && { job: `SELECT id::text FROM pgboss.job WHERE state = 'completed' LIMIT 1` }),
    admin: `SELECT id FROM admins LIMIT 1`,
    notification: `SELECT id FROM notifications WHERE "userId" ${mine} AND "tenantId" = 'default' LIMIT 1`,
    message: `SELECT id FROM messages WHERE "conversationId" = 'bc1' AND "senderId" ${mine} LIMIT 1`,
    'calendar event': `SELECT id FROM calendar_events WHERE "ownerId" ${mine} AND "tenantId" = 'default' LIMIT 1`,
    'AI conversation': `SELECT id FROM ai_conversations WHERE "userId" ${mine} LIMIT 1`,
    'AI answer': `SELECT id FROM ai_answers WHERE "userId" ${mine} LIMIT 1`,
    session: `SELECT id FROM sessions WHERE "userId" ${mine} LIMIT 1`,
    token: `SELECT id FROM personal_access_tokens WHERE "userId" ${mine} LIMIT 1`,
  }
  const known: [string, string][] = [
    ['tenant', 'default'],
    ['user', 'bu11'],
    ['document', 'bd11'],
    ['file', 'bf11'],
    ['folder', 'bo11'],
    ['conversation', 'bc1'],
    ['invitation', 'bi11'],
    ['mail', 'bk11'],
    ['team', 'bb11'],
  ]
  for (const [noun, text] of Object.entries(places)) {
    const [row] = await ashlar.rows<{ id: string }>(text)
    if (row) known.push([noun, row.id])
  }
  return new Map(known)
}
