// What people do with their tenants.
import type { Actor, AdminActor, UserActor } from '../../../../core/actor.ts'
import { eitherOf, requestErrors } from '../../../../core/errors.ts'
import { differences } from '../../../../core/events.ts'
import { newId, newSecret } from '../../../../core/ids.ts'
import { type Page, pageOf } from '../../../../core/page.ts'
import { normalizeName } from '../../../../core/text.ts'
import { ACTORS_CHANGED } from '../../../../core/topics.ts'
import { type Tx, violates } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import type { TokenPair } from '../../sessions/index.ts'
import { addMember, findUser } from '../members.queries.ts'
import { isReserved, isWellFormed, slugsFor } from '../slugs.ts'
import { tenantErrors } from '../tenants.errors.ts'
import { boundTo, mustEdit, mustOwn } from '../tenants.policy.ts'
import * as queries from '../tenants.queries.ts'
import {
  type Availability,
  type NewTenant,
  type NewTenantOfOwner,
  type Tenant,
  type TenantChanges,
  type TenantOfOwner,
  type TenantQuery,
  toTenant,
} from '../tenants.schema.ts'
import { mustOwnFewer } from './ownership.ts'
import { DEFAULT_TENANT, enter, enterToChange, mustHaveMany, oneUserOf, type TenantParts } from './parts.ts'

export interface Administration {
  /** The caller's own tenants, newest membership first. */
  list(actor: UserActor, query: TenantQuery): Promise<Page<Tenant>>
  available(slug: string): Promise<Availability>
  /** Makes a tenant with its default roles; the caller becomes its owner and gets its role `admin`. */
  create(actor: UserActor, body: NewTenant, facts: RequestFacts): Promise<Tenant>
  /** The back office makes a tenant for somebody, who becomes its owner. */
  createFor(actor: AdminActor, body: NewTenantOfOwner, facts: RequestFacts): Promise<TenantOfOwner>
  get(actor: UserActor, id: string): Promise<Tenant>
  update(actor: UserActor, id: string, changes: TenantChanges, facts: RequestFacts, version?: number): Promise<Tenant>
  /** Deletes softly: nobody can enter any more, and sessions go on in another tenant at their next refresh. Its owners can restore it. */
  remove(actor: UserActor, id: string, facts: RequestFacts): Promise<void>
  /** Tokens of the same session for another tenant of the caller. */
  switchTo(actor: UserActor, id: string, facts: RequestFacts): Promise<TokenPair>
}

export function createAdministration(parts: TenantParts): Administration {
  const { database, bus, audit, roles, sessions, options } = parts

  async function insert(tx: Tx, name: string, slug: string | undefined): Promise<string> {
    const id = tx.tenantId!
    const wishes = slug === undefined ? slugsFor(name, randomEnd()) : [slug]
    for (const wish of wishes) if (await queries.insert(tx, { id, name, slug: wish })) return wish
    throw slugTaken()
  }

  async function found(actor: Actor, ownerId: string, body: NewTenant, facts: RequestFacts): Promise<Tenant> {
    const name = normalizeName(body.name, 'name')
    const wished = freeToUse(eitherOf(body.slug, body.subdomain, 'subdomain'))
    return database.inTenant(newId(), async (tx) => {
      // The back office may give somebody more.
      if (actor.kind === 'user') await mustOwnFewer(tx, ownerId)
      const id = tx.tenantId!
      const slug = await insert(tx, name, wished)
      await roles.seed(tx, { idsAreNames: false })
      await addMember(tx, ownerId, 'OWNER')
      await roles.assignByName(tx, ownerId, 'admin')
      await bus.publish(tx, ACTORS_CHANGED, { userId: ownerId })
      const changes = { name, slug, ownerId }
      audit.record(tx, actor, { action: 'tenants.create', targetType: 'tenant', targetId: id, changes }, facts)
      return toTenant((await queries.findOfMember(tx, id, ownerId))!)
    })
  }

  return {
    async list(actor, { page = 1, limit = 10, search, deleted = false }) {
      const request = { page, limit }
      const only = boundTo(actor)
      const deletedWithin = deleted ? options.retentionSeconds : undefined
      const filter = { userId: actor.userId, search, only, deletedWithin }
      return database.acrossTenants('the tenants of one user', async (tx) => {
        const rows = await queries.pageOfUser(tx, filter, limit, (page - 1) * limit)
        return pageOf(rows.map(toTenant), await queries.countOfUser(tx, filter), request)
      })
    },

    async available(sent) {
      const slug = sent.trim().toLowerCase()
      if (!isWellFormed(slug)) return { available: false, reason: 'invalid' }
      if (isReserved(slug)) return { available: false, reason: 'reserved' }
      return (await queries.taken(database.global, slug)) ? { available: false, reason: 'taken' } : { available: true }
    },

    async create(actor, body, facts) {
      mustHaveMany(parts)
      if (options.creation === 'admins') throw tenantErrors('tenants.creation_closed')
      return found(actor, actor.userId, body, facts)
    },

    async createFor(actor, { ownerId, ownerEmail, ...body }, facts) {
      mustHaveMany(parts)
      const owner = await findUser(database.global, oneUserOf(ownerId, ownerEmail, 'ownerId'))
      if (!owner) throw tenantErrors('tenants.user_not_found')
      const { level: _level, ...tenant } = await found(actor, owner.id, body, facts)
      return tenant
    },

    get: async (actor, id) => toTenant((await enter(database.tenant(id), actor, id)).tenant),

    async update(actor, id, changes, facts, version) {
      const name = changes.name === undefined ? undefined : normalizeName(changes.name, 'name')
      const slug = eitherOf(changes.slug, changes.subdomain, 'subdomain')
      return database.inTenant(id, async (tx) => {
        const entered = await enterToChange(tx, actor, id)
        mustEdit(entered, await roles.permissionsOf(tx, actor.userId))
        const { tenant } = entered
        if (slug !== undefined && slug !== tenant.slug) await mustBeFree(tx, slug)
        if (!(await slugConflicts(() => queries.update(tx, id, { name, slug }, version))))
          throw tenantErrors('tenants.changed_meanwhile')
        await bus.publish(tx, ACTORS_CHANGED, { tenantId: id })
        const after = toTenant((await enter(tx, actor, id)).tenant)
        const deed = {
          action: 'tenants.edit',
          targetType: 'tenant',
          targetId: id,
          changes: differences(tenant, { name: after.name, slug: after.slug }),
        }
        audit.record(tx, actor, deed, facts)
        return after
      })
    },

    async remove(actor, id, facts) {
      await database.inTenant(id, async (tx) => {
        const entered = await enterToChange(tx, actor, id)
        mustOwn(entered)
        if (id === DEFAULT_TENANT) throw tenantErrors('tenants.default_stays')
        await queries.softDelete(tx, id)
        await bus.publish(tx, ACTORS_CHANGED, { tenantId: id })
        const { name, slug } = entered.tenant
        const deed = { action: 'tenants.delete', targetType: 'tenant', targetId: id, changes: { name, slug } }
        audit.record(tx, actor, deed, facts)
      })
    },

    async switchTo(actor, id, facts) {
      if (id !== DEFAULT_TENANT) mustHaveMany(parts)
      const session = await sessions.findLive(actor.sessionId!)
      if (!session) throw requestErrors('access.unauthenticated')
      return database.inTenant(id, async (tx) => {
        await enter(tx, actor, id)
        const pair = await sessions.switchTenant(tx, session, id, facts)
        const deed = { action: 'tenants.switch', targetType: 'session', targetId: session.id }
        audit.record(tx, actor, deed, facts)
        return pair
      })
    },
  }
}

function freeToUse(slug: string | undefined): string | undefined {
  if (slug !== undefined && isReserved(slug)) throw withField(tenantErrors('tenants.slug_reserved'), 'reserved')
  return slug
}

/** Throws when the slug is reserved or another tenant's. */
export async function mustBeFree(tx: Tx, slug: string): Promise<void> {
  freeToUse(slug)
  if (await queries.taken(tx, slug)) throw slugTaken()
}

/** Runs a write; the unique index that a racing one filled becomes the conflict of its field. */
export async function slugConflicts<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (violates(error, 'tenants_slug_key')) throw slugTaken()
    throw error
  }
}

function slugTaken() {
  return withField(tenantErrors('tenants.slug_taken'), 'taken')
}

function withField(problem: ReturnType<typeof tenantErrors>, code: string) {
  problem.fields.push({ in: 'body', path: 'slug', code, message: problem.message })
  return problem
}

function randomEnd(): string {
  return newSecret()
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .slice(0, 8)
}
