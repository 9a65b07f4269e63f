// What admins do with their own accounts.
import type { Static } from 'typebox'
import type { AdminActor } from '../../../../core/actor.ts'
import { normalizeName } from '../../../../core/text.ts'
import { ACTORS_CHANGED } from '../../../../core/topics.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import type { ChangePassword } from '../../auth/index.ts'
import { wrongPassword } from '../../passwords/index.ts'
import { DEFAULT_TENANT } from '../../tenants/index.ts'
import { adminErrors } from '../admins.errors.ts'
import * as queries from '../admins.queries.ts'
import { type Admin, type AdminChanges, toAdmin } from '../admins.schema.ts'
import { type AdminParts, namingConflicts } from './parts.ts'

export interface OwnAccount {
  me(actor: AdminActor): Promise<Admin>
  updateMe(actor: AdminActor, changes: AdminChanges, facts: RequestFacts, version?: number): Promise<Admin>
  /** Sets another password and ends the account's other sessions. */
  changePassword(actor: AdminActor, body: Static<typeof ChangePassword>, facts: RequestFacts): Promise<void>
}

export function createOwnAccount(parts: AdminParts): OwnAccount {
  const { database, bus, audit, throttle, hashing, passwords, sessions } = parts

  return {
    async me(actor) {
      const row = await queries.find(database.global, actor.adminId)
      if (!row) throw adminErrors('admins.not_found')
      return toAdmin(row)
    },

    async updateMe(actor, sent, facts, version) {
      const name = sent.name === undefined ? undefined : normalizeName(sent.name, 'name')
      const username = sent.username === undefined ? undefined : normalizeName(sent.username, 'username')
      const id = actor.adminId
      return database.inTenant(DEFAULT_TENANT, async (tx) => {
        if (!(await namingConflicts(() => queries.update(tx, id, { name, username }, version))))
          throw adminErrors('admins.changed_meanwhile')
        await bus.publish(tx, ACTORS_CHANGED, { adminId: id })
        const changes = { ...(name !== undefined && { name }), ...(username !== undefined && { username }) }
        audit.record(tx, actor, { action: 'admins.edit_own', targetType: 'admin', targetId: id, changes }, facts)
        return toAdmin((await queries.find(tx, id))!)
      })
    },

    async changePassword(actor, { oldPassword, newPassword }, facts) {
      const account = await queries.findCredentials(database.global, actor.adminId)
      if (!account) throw adminErrors('admins.not_found')
      const verify = () => hashing.verify(oldPassword, account.password)
      if (!(await throttle.attempt(account.email, verify, 'admin'))) throw wrongPassword('oldPassword')
      await passwords.check(newPassword, account, 'newPassword')
      const password = await hashing.hash(newPassword)
      await database.inTenant(DEFAULT_TENANT, async (tx) => {
        if (!(await queries.exchangePassword(tx, account.id, account.password, password)))
          throw wrongPassword('oldPassword')
        await sessions.endAll(tx, [account.id], 'password changed', actor.sessionId)
        await bus.publish(tx, ACTORS_CHANGED, { adminId: account.id })
        const deed = { action: 'admins.change_password', targetType: 'admin', targetId: account.id }
        audit.record(tx, actor, deed, facts)
      })
    },
  }
}
