// Making accounts: by registration, by an administrator, or at the first start.
import type { Actor, MembershipLevel, UserActor } from '../../../../core/actor.ts'
import { newId, newSecret } from '../../../../core/ids.ts'
import { normalizeName } from '../../../../core/text.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import * as queries from '../users.queries.ts'
import { type NewUser, toUser, type User, type UserStatus } from '../users.schema.ts'
import { mustBeFree, namingConflicts, normalizeEmail, type UserParts } from './parts.ts'

export interface AccountToMake {
  email: string
  password?: string | undefined
  name?: string | undefined
  username?: string | undefined
  phone?: string | null | undefined
  status?: UserStatus | undefined
  department?: string | null | undefined
  position?: string | null | undefined
  bio?: string | null | undefined
  locale?: string | null | undefined
  verified?: boolean | undefined
  homeless?: boolean | undefined
}

export interface Accounts {
  /** False on an installation that nobody has entered yet. */
  anyExist(): Promise<boolean>
  /**
   * Makes an account and its membership in the transaction's tenant. The password's hash is made before the transaction,
   * by `prepare`: hashing inside would hold a connection for as long as it takes.
   */
  prepare(account: AccountToMake): Promise<PreparedAccount>
  /** Adds the first account of an installation as the owner; undefined when another process was first. */
  addFirst(tx: Tx, account: PreparedAccount): Promise<string | undefined>
  add(tx: Tx, account: PreparedAccount, level: MembershipLevel): Promise<string>
  /** The administrator's way: authorised by the route, roles within what the actor holds. */
  create(
    actor: UserActor,
    body: NewUser,
    facts: RequestFacts,
    invite: (tx: Tx, user: User) => Promise<void>,
  ): Promise<User>
}

export interface PreparedAccount extends Omit<queries.NewAccount, 'username'> {
  username: string | undefined
}

/** No password fits this: the account waits for its owner to choose one. */
const NO_PASSWORD = '!'

export function createAccounts(parts: UserParts): Accounts {
  const { database, audit, roles, tenants, hashing, passwords } = parts

  async function prepare(sent: AccountToMake): Promise<PreparedAccount> {
    const email = normalizeEmail(sent.email)
    const username = sent.username === undefined ? undefined : normalizeName(sent.username, 'username')
    const name = normalizeName(sent.name ?? username ?? email.split('@')[0]!, 'name')
    if (sent.password !== undefined)
      await passwords.check(sent.password, { email, name, ...(username && { username }) })
    await mustBeFree(database.global, { email, ...(username && { username }) }, '')
    return {
      id: newId(),
      email,
      username,
      name,
      phone: sent.phone ?? null,
      password: sent.password === undefined ? NO_PASSWORD : await hashing.hash(sent.password),
      status: sent.status ?? 'ACTIVE',
      department: sent.department ?? null,
      position: sent.position ?? null,
      bio: sent.bio ?? null,
      locale: sent.locale ?? null,
      verified: sent.verified ?? false,
      homeless: sent.homeless ?? false,
    }
  }

  async function add(tx: Tx, account: PreparedAccount, level: MembershipLevel): Promise<string> {
    await tenants.mustAllowAddress(tx, account.email)
    const username = account.username ?? (await freeUsername(tx, account.email))
    await namingConflicts(() => queries.insert(tx, { ...account, username }))
    await tenants.addMember(tx, account.id, level)
    return account.id
  }

  return {
    anyExist: () => queries.anyExist(database.global),
    prepare,
    add,
    async addFirst(tx, account) {
      await queries.lockFirst(tx)
      return (await queries.anyExist(tx)) ? undefined : add(tx, account, 'OWNER')
    },
    async create(actor, body, facts, invite) {
      const roleIds = body.roleIds ?? (body.roleId ? [body.roleId] : undefined)
      const prepared = await prepare(body)
      return database.inTenant(actor.tenantId, async (tx) => {
        const id = await add(tx, prepared, 'MEMBER')
        if (roleIds) await roles.assign(tx, actor, id, roleIds)
        else await roles.assignByName(tx, id, await tenants.defaultRoleOf(tx))
        const user = toUser((await queries.findMember(tx, id))!, tx.tenantId)
        record(audit, tx, actor, user, facts)
        if (body.password === undefined) await invite(tx, user)
        return user
      })
    },
  }
}

function record(audit: UserParts['audit'], tx: Tx, actor: Actor, user: User, facts: RequestFacts): void {
  const roles = user.roles.map((role) => role.name)
  audit.record(
    tx,
    actor,
    {
      action: 'users.create',
      targetType: 'user',
      targetId: user.id,
      changes: { email: user.email, status: user.status, roles },
    },
    facts,
  )
}

/** The part before the @, made to fit, with digits after it when it is taken. */
async function freeUsername(tx: Tx, email: string): Promise<string> {
  const stem =
    (email.split('@')[0] ?? '')
      .replace(/[^\p{L}\p{N}._-]/gu, '')
      .replace(/^[._-]+/, '')
      .slice(0, 40) || 'user'
  const wish = stem.length < 2 ? `${stem}1` : stem
  for (let attempt = 1; attempt <= 5; attempt++) {
    const candidate = attempt === 1 ? wish : `${wish}${attempt}`
    if (!(await queries.taken(tx, 'username', candidate, ''))) return candidate
  }
  return `${wish}-${newSecret()
    .replace(/[^a-zA-Z0-9]/g, '')
    .slice(0, 8)
    .toLowerCase()}`
}
