// Personal access tokens: long-lived credentials of a user in one tenant, never worth more than their maker.
import type { UserActor } from '../../../core/actor.ts'
import { invalidField } from '../../../core/errors.ts'
import { hashOfSecret, newId } from '../../../core/ids.ts'
import { grantFor, isPermission } from '../../../core/permission.ts'
import { ACTORS_CHANGED } from '../../../core/topics.ts'
import type { Bus } from '../../../drivers/bus/index.ts'
import type { Database } from '../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../drivers/http/index.ts'
import type { Audit } from '../../foundation/audit/index.ts'
import type { Mail } from '../../foundation/mail/index.ts'
import type { Sessions } from '../sessions/index.ts'
import type { Users } from '../users/index.ts'
import { isWellFormedToken, newTokenText } from './secret.ts'
import { tokenErrors } from './tokens.errors.ts'
import * as queries from './tokens.queries.ts'
import { type NewPersonalToken, type PersonalToken, toPersonalToken } from './tokens.schema.ts'

export interface PersonalTokens {
  create(actor: UserActor, body: NewPersonalToken, facts: RequestFacts): Promise<PersonalToken & { token: string }>
  list(actor: UserActor): Promise<PersonalToken[]>
  revoke(actor: UserActor, id: string, facts: RequestFacts): Promise<void>
  /** The live token behind a credential. */
  resolve(credential: string): Promise<queries.TokenRow | undefined>
  touch(tenantId: string, id: string): Promise<void>
}

const MAX_TOKENS = 50

export interface TokenParts {
  database: Pick<Database, 'tenant' | 'inTenant' | 'acrossTenants'>
  bus: Pick<Bus, 'publish'>
  audit: Pick<Audit, 'record'>
  mail: Pick<Mail, 'send'>
  sessions: Pick<Sessions, 'mustBeLive'>
  users: Pick<Users, 'credentials' | 'lock'>
}

export function createPersonalTokens({ database, bus, audit, mail, sessions, users }: TokenParts): PersonalTokens {
  return {
    async create(actor, { name, scopes, expiresInDays = 90 }, facts) {
      const unknown = scopes.find((scope) => !isPermission(scope))
      if (unknown !== undefined) throw invalidField('scopes', 'not_a_permission', `${unknown} is not a permission.`)
      const beyond = scopes.find((scope) => !grantFor(actor.permissions, scope))
      if (beyond !== undefined)
        throw tokenErrors('tokens.beyond_own', { message: `You do not hold ${beyond}.`, facts: { permission: beyond } })
      const token = newTokenText()
      return database.inTenant(actor.tenantId, async (tx) => {
        // Of many at once each counts what the others have made.
        await users.lock(tx, actor.userId)
        await sessions.mustBeLive(tx, actor)
        if ((await queries.listLive(tx, actor.userId)).length >= MAX_TOKENS) throw tokenErrors('tokens.too_many')
        const id = newId()
        const row = await queries.insert(tx, {
          id,
          userId: actor.userId,
          name,
          hint: token.slice(0, 16),
          tokenHash: hashOfSecret(token),
          scopes,
          expiresInDays,
        })
        audit.record(
          tx,
          actor,
          { action: 'tokens.create', targetType: 'token', targetId: id, changes: { name, scopes, expiresInDays } },
          facts,
        )
        const owner = await users.credentials(tx, actor.userId)
        await mail.send(tx, {
          template: 'token_created',
          to: { address: owner!.email, name: owner!.name },
          locale: owner!.locale,
          values: { name: owner!.name, token: name, ip: facts.ip },
        })
        return { ...toPersonalToken(row!), token }
      })
    },

    async list(actor) {
      return (await queries.listLive(database.tenant(actor.tenantId), actor.userId)).map(toPersonalToken)
    },

    async revoke(actor, id, facts) {
      await database.inTenant(actor.tenantId, async (tx) => {
        if (!(await queries.revoke(tx, id, actor.userId))) throw tokenErrors('tokens.not_found')
        await bus.publish(tx, ACTORS_CHANGED, { tokenId: id })
        audit.record(tx, actor, { action: 'tokens.revoke', targetType: 'token', targetId: id }, facts)
      })
    },

    async resolve(credential) {
      if (!isWellFormedToken(credential)) return undefined
      return database.acrossTenants('the owner of a personal access token', (tx) =>
        queries.findByHash(tx, hashOfSecret(credential)),
      )
    },

    touch: (tenantId, id) => queries.touch(database.tenant(tenantId), id),
  }
}
