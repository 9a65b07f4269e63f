// Acting in a person's name, for support: for a short time, in one tenant, with a reason, and never as another admin.
import type { AdminActor } from '../../../../core/actor.ts'
import { type Page, pageOf } from '../../../../core/page.ts'
import { normalizeName } from '../../../../core/text.ts'
import { ACTORS_CHANGED } from '../../../../core/topics.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { DEFAULT_TENANT } from '../../tenants/index.ts'
import { adminErrors } from '../admins.errors.ts'
import { mustNotBeAdmin } from '../admins.policy.ts'
import * as queries from '../admins.queries.ts'
import {
  type Impersonated,
  type Impersonation,
  type ImpersonationQuery,
  type NewImpersonation,
  toImpersonation,
} from '../admins.schema.ts'
import type { AdminParts } from './parts.ts'

export interface Impersonations {
  /** Opens a session in the person's name. It cannot be refreshed, and can do nothing that concerns the account itself. */
  begin(actor: AdminActor, body: NewImpersonation, facts: RequestFacts): Promise<Impersonated>
  list(query: ImpersonationQuery): Promise<Page<Impersonation>>
  end(actor: AdminActor, id: string, facts: RequestFacts): Promise<void>
}

const STANDARD_MINUTES = 15

export function createImpersonations(parts: AdminParts): { impersonations: Impersonations } {
  const { database, bus, audit, sessions, users, tenants, roles } = parts

  /** The tenant that was named, or the person's home, or the oldest that they belong to. */
  async function tenantFor(userId: string, homeTenantId: string | null, named: string | undefined): Promise<string> {
    const own = await tenants.ofUser(userId)
    const wished = named ?? homeTenantId
    const found = own.find((tenant) => tenant.id === wished) ?? (named === undefined ? own[0] : undefined)
    if (!found) throw adminErrors('admins.no_member')
    return found.id
  }

  return {
    impersonations: {
      async begin(actor, { userId, tenantId: named, reason: sent, minutes = STANDARD_MINUTES }, facts) {
        const reason = normalizeName(sent, 'reason')
        const person = await users.credentials(database.global, userId)
        if (!person) throw adminErrors('admins.person_not_found')
        if (person.status !== 'ACTIVE') throw adminErrors('admins.person_not_active')
        const [account, permissions] = await Promise.all([
          queries.findByIdentifier(database.global, person.email),
          roles.permissionsOf(database.tenant(DEFAULT_TENANT), userId),
        ])
        mustNotBeAdmin(account, permissions)
        const tenantId = await tenantFor(userId, person.homeTenantId, named)
        return database.inTenant(tenantId, async (tx) => {
          const { sessionId, ...token } = await sessions.impersonate(
            tx,
            { adminId: actor.adminId, userId, reason, seconds: minutes * 60 },
            facts,
          )
          const deed = { action: 'impersonation.begin', targetType: 'user', targetId: userId }
          audit.record(tx, actor, { ...deed, changes: { sessionId, reason, minutes } }, facts)
          return {
            ...token,
            tokenType: 'bearer',
            access_token: token.accessToken,
            token_type: 'bearer',
            expires_in: token.expiresIn,
            impersonation: { id: sessionId, userId, tenantId },
          }
        })
      },

      async list({ page = 1, limit = 10, live = false }) {
        const { rows, total } = await sessions.impersonations({ live }, limit, (page - 1) * limit)
        return pageOf(rows.map(toImpersonation), total, { page, limit })
      },

      async end(actor, id, facts) {
        const known = await sessions.findLive(id)
        if (!known?.impersonatorId) throw adminErrors('admins.impersonation_not_found')
        await database.inTenant(known.tenantId!, async (tx) => {
          if (!(await sessions.endImpersonation(tx, id))) throw adminErrors('admins.impersonation_not_found')
          await bus.publish(tx, ACTORS_CHANGED, { sessionId: id })
          const deed = { action: 'impersonation.end', targetType: 'user', targetId: known.userId! }
          audit.record(tx, actor, { ...deed, changes: { sessionId: id } }, facts)
        })
      },
    },
  }
}
