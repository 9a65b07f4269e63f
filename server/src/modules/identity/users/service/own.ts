// What people do with their own accounts, and the pictures of accounts.
import type { Actor, UserActor } from '../../../../core/actor.ts'
import { requestErrors } from '../../../../core/errors.ts'
import { newId } from '../../../../core/ids.ts'
import { grantFor } from '../../../../core/permission.ts'
import { normalizeName } from '../../../../core/text.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts, UploadedFile } from '../../../../drivers/http/index.ts'
import { missingPermission } from '../../../../drivers/http/index.ts'
import { renderAvatar } from '../avatars.ts'
import { userErrors } from '../users.errors.ts'
import { isSelf, mustAdministerHere } from '../users.policy.ts'
import * as queries from '../users.queries.ts'
import { type OwnChanges, toUser, type User } from '../users.schema.ts'
import { difference } from './administration.ts'
import {
  announce,
  announceProfile,
  lockMember,
  mustBeFree,
  mustReach,
  namingConflicts,
  type UserParts,
} from './parts.ts'

export interface OwnAccount {
  me(actor: Pick<UserActor, 'userId' | 'tenantId'>): Promise<User>
  updateMe(actor: UserActor, changes: OwnChanges, facts: RequestFacts, version?: number): Promise<User>
  removeMe(actor: UserActor, facts: RequestFacts): Promise<void>
  /** One's own picture, or with `users:edit` somebody else's. */
  setAvatar(actor: UserActor, id: string, file: UploadedFile, facts: RequestFacts): Promise<User>
  removeAvatar(actor: UserActor, id: string, facts: RequestFacts): Promise<User>
  /** Keeps a rendered picture for an account that is being made in this transaction. */
  attachAvatar(tx: Tx, userId: string, picture: queries.Avatar): Promise<void>
  avatar(id: string): Promise<queries.Avatar>
}

const AVATAR_PATH = '/avatars/'

export function createOwnAccount(parts: UserParts): OwnAccount {
  const { database, audit, sessions, tenants } = parts

  async function attachAvatar(tx: Tx, userId: string, picture: queries.Avatar): Promise<void> {
    const avatarId = newId()
    await queries.replaceAvatar(tx, userId, avatarId, picture)
    await queries.update(tx, userId, { avatar: AVATAR_PATH + avatarId }, undefined)
  }

  async function changeAvatar(
    actor: UserActor,
    id: string,
    facts: RequestFacts,
    change: (tx: Tx) => Promise<void>,
  ): Promise<User> {
    if (!isSelf(actor, id) && !grantFor(actor.permissions, 'users:edit')) throw missingPermission('users:edit', actor)
    return database.inTenant(actor.tenantId, async (tx) => {
      const before = await lockMember(tx, id)
      if (!isSelf(actor, id)) {
        mustAdministerHere(actor, before)
        await mustReach(parts, tx, actor, id)
      }
      await change(tx)
      return finish(tx, actor, before, 'users.avatar', facts)
    })
  }

  async function finish(
    tx: Tx,
    actor: Actor,
    before: queries.UserRow,
    action: string,
    facts: RequestFacts,
  ): Promise<User> {
    announceProfile(parts, tx, before.id)
    const after = (await queries.findMember(tx, before.id))!
    // What the tenant that is worked in may not see, its audit trail does not tell either.
    const changes = difference(toUser(before, tx.tenantId), toUser(after, tx.tenantId), false)
    audit.record(
      tx,
      actor,
      {
        action,
        targetType: 'user',
        targetId: before.id,
        changes,
      },
      facts,
    )
    return toUser(after)
  }

  return {
    async me(actor) {
      const user = await queries.findMember(database.tenant(actor.tenantId), actor.userId)
      // Deleted or removed a moment ago, and this node has not heard of it yet.
      if (!user) throw requestErrors('access.unauthenticated')
      return toUser(user)
    },

    async updateMe(actor, { name: sentName, username: sentUsername, ...rest }, facts, version) {
      const name = sentName === undefined ? undefined : normalizeName(sentName, 'name')
      const username = sentUsername === undefined ? undefined : normalizeName(sentUsername, 'username')
      return database.inTenant(actor.tenantId, async (tx) => {
        const before = await lockMember(tx, actor.userId)
        await mustBeFree(tx, { ...(username && { username }) }, actor.userId)
        const columns = { id: actor.userId, name, username, ...rest }
        if (!(await namingConflicts(() => queries.update(tx, actor.userId, columns, version))))
          throw userErrors('users.changed_meanwhile')
        return finish(tx, actor, before, 'users.edit_own', facts)
      })
    },

    async removeMe(actor, facts) {
      await database.inTenant(actor.tenantId, async (tx) => {
        await tenants.mustLeaveOwners(tx, [actor.userId], actor)
        await lockMember(tx, actor.userId)
        await queries.softDelete(tx, [actor.userId])
        await sessions.endAll(tx, [actor.userId], 'account deleted by its owner')
        await announce(parts, tx, actor.userId)
        audit.record(tx, actor, { action: 'users.delete_own', targetType: 'user', targetId: actor.userId }, facts)
      })
    },

    async setAvatar(actor, id, file, facts) {
      const picture = await renderAvatar(file.bytes)
      return changeAvatar(actor, id, facts, (tx) => attachAvatar(tx, id, picture))
    },

    removeAvatar: (actor, id, facts) =>
      changeAvatar(actor, id, facts, async (tx) => {
        await queries.deleteAvatar(tx, id)
        await queries.update(tx, id, { avatar: null }, undefined)
      }),

    attachAvatar,

    async avatar(id) {
      const avatar = await queries.findAvatar(database.global, id)
      if (!avatar) throw userErrors('users.not_found', { message: 'There is no such picture.' })
      return avatar
    },
  }
}
