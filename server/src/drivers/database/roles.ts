// The two roles the application works under. Roles belong to the whole cluster, so other databases may make them meanwhile.
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import type { ClientBase } from 'pg'
import { type Timeouts, timeoutsOf } from './pool.ts'
import { type RolePassword, settledPassword } from './role-password.ts'

export interface RoleNames {
  /** Logs in, owns nothing, is bound by row security. */
  app: string
  /** Cannot log in; the app role takes it on for work that must see all tenants. */
  across: string
}

export interface RoleOptions {
  /** Roles are called `<prefix>_app` and `<prefix>_across`. */
  rolePrefix: string
  /** The app role's password; without one it stays as it is. */
  password?: RolePassword
  /** Set at the app role, where its connections cannot bring them: behind a pooler. */
  timeouts?: Timeouts
}

// Compiling a statement takes longer than any of ours runs, and a planner that overestimates would ask for it each time.
const SETTINGS = [
  ['TimeZone', 'UTC'],
  ['jit', 'off'],
] as const

/** The role names of a prefix. Throws when the prefix is no plain identifier. */
export function roleNames(prefix: string): RoleNames {
  if (!/^[a-z_][a-z0-9_]{0,40}$/.test(prefix)) {
    throw new Error(`The role prefix "${prefix}" must be lower-case letters, digits and underscores, 41 at most.`)
  }
  return { app: `${prefix}_app`, across: `${prefix}_across` }
}

/**
 * Creates the roles or puts them right. Needs CREATEROLE only when something has to change. The password is sent as its
 * SCRAM-SHA-256 verifier, so it never stands in a server log.
 */
export async function prepareRoles(client: ClientBase, { rolePrefix, password, timeouts }: RoleOptions): Promise<void> {
  const names = roleNames(rolePrefix)
  const { rows } = await client.query('SELECT current_user AS name')
  if (rows[0].name === names.app || rows[0].name === names.across) {
    throw new Error(`The role "${rows[0].name}" belongs to the application; migrations need the owner of the tables.`)
  }
  await prepareRole(client, names.across, 'NOLOGIN')
  await prepareRole(client, names.app, 'LOGIN')
  await setPassword(client, names.app, password)

  const app = client.escapeIdentifier(names.app)
  const { rows: state } = await client.query(
    `SELECT COALESCE(rolconfig, '{}') AS settings,
       has_database_privilege(oid, current_database(), 'CONNECT') AS connects,
       EXISTS (SELECT FROM pg_auth_members WHERE roleid = $2::regrole AND member = pg_roles.oid) AS member
     FROM pg_roles WHERE rolname = $1`,
    [names.app, client.escapeIdentifier(names.across)],
  )
  const wanted = [...SETTINGS, ...Object.entries(timeouts ? timeoutsOf(timeouts) : {})]
  for (const [name, value] of wanted)
    if (!state[0].settings.includes(`${name}=${value}`))
      await despiteOthers(
        client,
        `ALTER ROLE ${app} SET ${client.escapeIdentifier(name)} = ${client.escapeLiteral(String(value))}`,
      )
  if (!state[0].member) await despiteOthers(client, `GRANT ${client.escapeIdentifier(names.across)} TO ${app}`)
  if (!state[0].connects) {
    const { rows: database } = await client.query('SELECT current_database() AS name')
    await despiteOthers(client, `GRANT CONNECT ON DATABASE ${client.escapeIdentifier(database[0].name)} TO ${app}`)
  }
}

async function prepareRole(client: ClientBase, name: string, login: 'LOGIN' | 'NOLOGIN'): Promise<void> {
  const identifier = client.escapeIdentifier(name)
  const { rows } = await client.query('SELECT * FROM pg_roles WHERE rolname = $1', [name])
  if (rows.length === 0) {
    const attributes = `${login} NOSUPERUSER NOBYPASSRLS NOINHERIT NOCREATEDB NOCREATEROLE NOREPLICATION`
    return despiteOthers(client, `CREATE ROLE ${identifier} ${attributes}`)
  }
  // Only what is wrong is altered: naming an attribute at all may need a superuser.
  const wrong = [
    rows[0].rolcanlogin !== (login === 'LOGIN') && login,
    rows[0].rolsuper && 'NOSUPERUSER',
    rows[0].rolbypassrls && 'NOBYPASSRLS',
    rows[0].rolinherit && 'NOINHERIT',
    rows[0].rolcreatedb && 'NOCREATEDB',
    rows[0].rolcreaterole && 'NOCREATEROLE',
    rows[0].rolreplication && 'NOREPLICATION',
  ].filter(Boolean)
  if (wrong.length > 0) await despiteOthers(client, `ALTER ROLE ${identifier} ${wrong.join(' ')}`)
}

async function setPassword(client: ClientBase, name: string, wanted: RolePassword | undefined): Promise<void> {
  if (wanted === undefined) return
  const { password, comment } = await settledPassword(client, name, wanted)
  await letIn(client, name, password)
  if (comment !== undefined)
    await despiteOthers(client, `COMMENT ON ROLE ${client.escapeIdentifier(name)} IS ${client.escapeLiteral(comment)}`)
}

async function letIn(client: ClientBase, name: string, password: string): Promise<void> {
  const { rows } = await client.query("SELECT has_table_privilege('pg_authid', 'SELECT') AS readable")
  if (rows[0].readable) {
    const { rows: known } = await client.query('SELECT rolpassword FROM pg_authid WHERE rolname = $1', [name])
    if (isVerifierOf(known[0]?.rolpassword, password)) return
  }
  const verifier = scramVerifier(password, randomBytes(16), 4096)
  await despiteOthers(client, `ALTER ROLE ${client.escapeIdentifier(name)} PASSWORD ${client.escapeLiteral(verifier)}`)
}

/** What PostgreSQL keeps of a password (RFC 5803). */
export function scramVerifier(password: string, salt: Buffer, iterations: number): string {
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, iterations, 32, 'sha256')
  const storedKey = createHash('sha256')
    .update(createHmac('sha256', salted).update('Client Key').digest())
    .digest('base64')
  const serverKey = createHmac('sha256', salted).update('Server Key').digest('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`
}

function isVerifierOf(verifier: string | null | undefined, password: string): boolean {
  const parts = /^SCRAM-SHA-256\$(\d+):([^$]+)\$/.exec(verifier ?? '')
  return parts !== null && scramVerifier(password, Buffer.from(parts[2]!, 'base64'), Number(parts[1])) === verifier
}

const ATTEMPTS = 20

// Advisory locks end at the database's border and roles do not: two databases that set up the same roles at once make
// one of them fail, and a new try finds the work done.
async function despiteOthers(client: ClientBase, statement: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await client.query(statement)
      return
    } catch (error) {
      const { code, message } = error as { code?: string; message: string }
      if (code === '42710' || (code === '23505' && statement.startsWith('CREATE ROLE'))) return
      const collided = code === '23505' || (code === 'XX000' && /tuple concurrently/.test(message))
      if (!collided || attempt === ATTEMPTS) throw error
      await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 50 * attempt))
    }
  }
}
