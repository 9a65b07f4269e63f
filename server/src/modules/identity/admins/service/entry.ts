// How accounts of the back office come to be, sign in and sign out.
import type { Static } from 'typebox'
import type { Actor, AdminActor } from '../../../../core/actor.ts'
import { invalidField } from '../../../../core/errors.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { authErrors, createSecretCheck, type Login } from '../../auth/index.ts'
import type { TokenPair } from '../../sessions/index.ts'
import { DEFAULT_TENANT } from '../../tenants/index.ts'
import { mustRegister } from '../admins.policy.ts'
import * as queries from '../admins.queries.ts'
import { type Admin, type NewAdmin, toAdmin } from '../admins.schema.ts'
import { type AdminParts, namingConflicts, prepareAdmin } from './parts.ts'

export interface Entry {
  /** Makes an account for a caller who may. `bootstrapToken` is what the caller presents. */
  register(actor: Actor, body: NewAdmin, bootstrapToken: string | undefined, facts: RequestFacts): Promise<Admin>
  /** Makes an account for the operator at the terminal. */
  create(actor: Actor, account: NewAdmin): Promise<Admin>
  /** Keeps an account whose password is hashed already, inside the caller's transaction. */
  add(tx: Tx, actor: Actor, account: queries.NewAdminRow, facts?: RequestFacts): Promise<void>
  login(body: Static<typeof Login>, facts: RequestFacts): Promise<TokenPair & { admin: Admin }>
  refresh(token: string, facts: RequestFacts): Promise<TokenPair>
  logout(actor: AdminActor, facts: RequestFacts): Promise<void>
  /** False until the back office has its first account. */
  anyExist(): Promise<boolean>
  /** Whether an account may act at all. */
  isActive(id: string): Promise<boolean>
}

export function createEntry(parts: AdminParts): Entry {
  const { database, audit, mail, hashing, sessions } = parts
  const secrets = createSecretCheck(parts)
  const find = (identifier: string) => queries.findByIdentifier(database.global, identifier.normalize('NFKC').trim())

  async function add(tx: Tx, actor: Actor, account: queries.NewAdminRow, facts?: RequestFacts): Promise<void> {
    await namingConflicts(() => queries.insert(tx, account))
    const changes = { email: account.email, username: account.username }
    audit.record(tx, actor, { action: 'admins.create', targetType: 'admin', targetId: account.id, changes }, facts)
  }

  async function keep(actor: Actor, body: NewAdmin, facts?: RequestFacts): Promise<Admin> {
    const account = await prepareAdmin(parts, body)
    return database.inTenant(DEFAULT_TENANT, async (tx) => {
      await add(tx, actor, account, facts)
      return toAdmin((await queries.find(tx, account.id))!)
    })
  }

  return {
    async register(actor, body, bootstrapToken, facts) {
      mustRegister(actor, bootstrapToken, parts.bootstrapToken)
      return keep(actor.kind === 'admin' ? actor : { kind: 'system', name: 'bootstrap' }, body, facts)
    },

    create: (actor, account) => keep(actor, account),
    add,

    async login({ email, username, login, password }, facts) {
      const identifier = email ?? username ?? login
      if (identifier === undefined) throw invalidField('email', 'missing', 'Send an e-mail address or a username.')
      const account = await secrets.check('admin', { identifier, password, ip: facts.ip }, find)
      const outdated = hashing.isOutdated(account.password)
      if (outdated)
        await queries.upgradeHash(database.global, account.id, account.password, await hashing.hash(password))
      return database.inTenant(DEFAULT_TENANT, async (tx) => {
        // The account before its sessions: sign-ins of one person take turns.
        // A parallel sign-in may have replaced an outdated hash of the same password.
        if (!(await queries.markSignIn(tx, account.id, outdated ? undefined : account.password)))
          throw authErrors('auth.wrong_credentials')
        const { sessionId, newDevice, ...pair } = await sessions.open(
          tx,
          { realm: 'admin', id: account.id, tenantId: null },
          facts,
        )
        const actor: AdminActor = { kind: 'admin', adminId: account.id, sessionId, authenticatedAt: 0 }
        if (newDevice !== undefined) {
          const values = { name: account.name, device: newDevice, ip: facts.ip }
          await mail.send(tx, { template: 'new_device', to: { address: account.email, name: account.name }, values })
        }
        audit.record(tx, actor, { action: 'admins.login', targetType: 'session', targetId: sessionId }, facts)
        return { ...pair, admin: toAdmin((await queries.find(tx, account.id))!) }
      })
    },

    refresh: (token, facts) =>
      sessions.refresh('admin', token, facts, { tenantFor: async () => null, onReplay: async () => undefined }),

    logout: (actor, facts) => sessions.end(actor, actor.sessionId, facts),
    anyExist: () => queries.anyExist(database.global),
    isActive: async (id) => (await queries.find(database.global, id))?.status === 'ACTIVE',
  }
}
