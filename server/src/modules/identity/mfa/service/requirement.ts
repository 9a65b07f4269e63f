// Who needs a second factor, and from when on: by the tenant's settings or by a role held in it.
import * as queries from '../mfa.queries.ts'
import type { MfaParts } from './parts.ts'

export interface Requirement {
  by: 'tenant' | 'role'
  /** When the time to enrol ends, in milliseconds since the epoch. */
  until: number
}

export interface Requirements {
  /** What a tenant asks of a member who joined at that moment; undefined when it asks nothing. */
  requirementOf(tenantId: string, userId: string, joinedAt: Date): Promise<Requirement | undefined>
  /**
   * Until when somebody may work in a tenant without a second factor, in milliseconds since the epoch; undefined when none is
   * asked for or there is one. `amr` is what a session was opened with; undefined for a personal access token.
   */
  enrollBy(member: Member, amr: readonly string[] | undefined): Promise<number | undefined>
}

export interface Member {
  tenantId: string
  userId: string
  joinedAt: Date
}

const DAY_MS = 86_400_000

export function createRequirements({ database, tenants, roles, options }: MfaParts): Requirements {
  async function requirementOf(tenantId: string, userId: string, joinedAt: Date): Promise<Requirement | undefined> {
    const db = database.tenant(tenantId)
    const [{ mfa }, roleSince] = await Promise.all([tenants.settingsOf(tenantId), roles.mfaRequiredSince(db, userId)])
    const asked: Requirement[] = []
    const from = (since: number) => Math.max(since, joinedAt.getTime())
    if (mfa.required && mfa.requiredSince !== null)
      asked.push({ by: 'tenant', until: from(Date.parse(mfa.requiredSince)) + mfa.graceDays * DAY_MS })
    if (roleSince) asked.push({ by: 'role', until: from(roleSince.getTime()) + options.graceDays * DAY_MS })
    return asked.sort((one, other) => one.until - other.until)[0]
  }

  return {
    requirementOf,
    async enrollBy({ tenantId, userId, joinedAt }, amr) {
      const requirement = await requirementOf(tenantId, userId, joinedAt)
      if (!requirement) return undefined
      const proved = amr === undefined || amr.includes('mfa')
      return proved && (await queries.isEnrolled(database.global, userId)) ? undefined : requirement.until
    },
  }
}
