// What a tenant decides for itself: read by everybody from memory, changed by its managers.
import type { MembershipLevel, UserActor } from '../../../../core/actor.ts'
import type { Clock } from '../../../../core/clock.ts'
import { invalidField } from '../../../../core/errors.ts'
import { ACTORS_CHANGED } from '../../../../core/topics.ts'
import type { Bus } from '../../../../drivers/bus/index.ts'
import type { Database, Executor, Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { canonicalLocale } from '../../../foundation/mail/index.ts'
import type { SessionLife } from '../../sessions/index.ts'
import { domainOf, readDomain } from '../domains.ts'
import * as queries from '../settings.queries.ts'
import { type Settings, type SettingsChanges, settingsFrom, type TenantSettings } from '../settings.schema.ts'
import { tenantErrors } from '../tenants.errors.ts'
import { mustEdit, mustView, roleOfLevel } from '../tenants.policy.ts'
import { enter, enterToChange, type TenantParts } from './parts.ts'

export interface SettingsStore {
  /** From memory: a change is seen by every node as soon as it hears of it. A transaction of that tenant goes on its own connection. */
  settingsOf(tenantId: string, within?: Executor): Promise<TenantSettings>
  /** How long sessions live in the tenant at most. */
  sessionLifeOf(tenantId: string, within?: Executor): Promise<SessionLife>
  /** The role by name that a new member of the transaction's tenant gets. */
  defaultRoleOf(tx: Tx): Promise<string>
  /** The role by name that comes with a level in the transaction's tenant. */
  roleOf(tx: Tx, level: MembershipLevel): Promise<string>
  /** Which domains the transaction's tenant takes addresses of; empty: all. */
  allowedDomains(tx: Tx): Promise<readonly string[]>
  /**
   * Throws `tenants.domain_not_allowed` when the transaction's tenant takes no addresses of that domain, or takes only some and
   * nobody has proved this one.
   */
  mustAllowAddress(tx: Tx, address: string, isProved?: boolean): Promise<void>
  /** Whether people of the tenant must confirm their address before they sign in: it says who may be in it. */
  asksForProof(tenantId: string): Promise<boolean>
  /** The same for the tenant where an account is at home, before its address changes. */
  mustAllowAddressOf(userId: string, address: string): Promise<void>
  getSettings(actor: UserActor, id: string): Promise<Settings>
  changeSettings(
    actor: UserActor,
    id: string,
    changes: SettingsChanges,
    facts: RequestFacts,
    version?: number,
  ): Promise<Settings>
}

const MAX_ENTRIES = 20_000
/** How long what was read is believed without a word from the bus, as a backstop. */
const BELIEVED_MS = 30_000

export function createSettings(parts: TenantParts): SettingsStore {
  const { database, bus, audit, roles, options } = parts
  const settingsOf = createReader(parts)

  async function load(db: Executor): Promise<queries.SettingsRow> {
    const row = await queries.find(db)
    if (!row) throw tenantErrors('tenants.not_found')
    return row
  }

  async function changed(tx: Tx, actor: UserActor, { settings, now }: queries.SettingsRow, sent: SettingsChanges) {
    if (sent.defaultRole && sent.defaultRole !== settings.defaultRole) {
      const own = { ...actor, permissions: new Set(await roles.permissionsOf(tx, actor.userId)) }
      await roles.grantable(tx, own, [sent.defaultRole], 'defaultRole')
    }
    return applied(settings, sent, now, options.sessions)
  }

  const defaultRoleOf = async (tx: Tx) => (await queries.findDefaultRole(tx)) ?? options.defaultRole

  return {
    settingsOf,

    async sessionLifeOf(tenantId, within) {
      const { absoluteMinutes, idleMinutes } = (await settingsOf(tenantId, within)).sessions
      const seconds = (minutes: number | null) => (minutes === null ? null : minutes * 60)
      return { absoluteSeconds: seconds(absoluteMinutes), idleSeconds: seconds(idleMinutes) }
    },

    defaultRoleOf,
    roleOf: async (tx, level) => roleOfLevel(level, await defaultRoleOf(tx)),
    allowedDomains: async (tx) => (await load(tx)).settings.allowedMailDomains,

    async mustAllowAddress(tx, address, isProved = true) {
      const { allowedMailDomains: allowed } = (await load(tx)).settings
      if (allowed.length && !allowed.includes(domainOf(address))) throw tenantErrors('tenants.domain_not_allowed')
      if (allowed.length && !isProved)
        throw tenantErrors('tenants.domain_not_allowed', {
          message: 'Nobody has confirmed that this account has its address: invite it instead.',
        })
    },

    async asksForProof(tenantId) {
      return (await settingsOf(tenantId)).allowedMailDomains.length > 0
    },

    async mustAllowAddressOf(userId, address) {
      if (await queries.isRefusedAtHome(database.global, userId, domainOf(address)))
        throw tenantErrors('tenants.domain_not_allowed', {
          message: 'The tenant of this account accepts no addresses of this domain.',
        })
    },

    async getSettings(actor, id) {
      const db = database.tenant(id)
      mustView(await enter(db, actor, id), await roles.permissionsOf(db, actor.userId))
      return toSettings(id, await load(db))
    },

    changeSettings: (actor, id, changes, facts, version) =>
      database.inTenant(id, async (tx) => {
        mustEdit(await enterToChange(tx, actor, id), await roles.permissionsOf(tx, actor.userId))
        const before = await load(tx)
        const after = await changed(tx, actor, before, changes)
        if (!(await queries.write(tx, after, version))) throw tenantErrors('tenants.changed_meanwhile')
        await bus.publish(tx, ACTORS_CHANGED, { tenantId: id })
        const difference = differenceOf(before.settings, after)
        audit.record(
          tx,
          actor,
          { action: 'tenants.settings', targetType: 'tenant', targetId: id, changes: difference },
          facts,
        )
        return toSettings(id, await load(tx))
      }),
  }
}

function createReader({ database, bus, clock }: { database: Pick<Database, 'tenant'>; bus: Bus; clock: Clock }) {
  const known = new Map<string, { settings: TenantSettings; at: number }>()
  // What was being read while a message came may be older than the message: it is used and not kept.
  let epoch = 0
  const forget = (tenantId?: unknown) => {
    epoch++
    if (tenantId === undefined) known.clear()
    else known.delete(String(tenantId))
  }
  bus.onGap(() => forget())
  bus.subscribe(ACTORS_CHANGED, ({ tenantId }) => {
    if (tenantId !== undefined) forget(tenantId)
  })

  return async (tenantId: string, within: Executor = database.tenant(tenantId)): Promise<TenantSettings> => {
    const entry = known.get(tenantId)
    if (entry && bus.connected() && clock.now() - entry.at < BELIEVED_MS) return entry.settings
    const begun = epoch
    const settings = (await queries.find(within))?.settings ?? settingsFrom(undefined)
    if (begun === epoch && bus.connected()) {
      if (known.size >= MAX_ENTRIES) known.delete(known.keys().next().value!)
      known.set(tenantId, { settings, at: clock.now() })
    }
    return settings
  }
}

/** The settings after a change: what was not sent stays. */
function applied(
  before: TenantSettings,
  sent: SettingsChanges,
  now: Date,
  limits: TenantParts['options']['sessions'],
): TenantSettings {
  const mfa = { ...before.mfa, ...sent.mfa }
  const sessions = { ...before.sessions, ...sent.sessions }
  mustShorten('absoluteMinutes', sent.sessions?.absoluteMinutes, limits.absoluteSeconds)
  mustShorten('idleMinutes', sent.sessions?.idleMinutes, limits.idleSeconds)
  return {
    allowedMailDomains: sent.allowedMailDomains ? readDomains(sent.allowedMailDomains) : before.allowedMailDomains,
    mfa: { ...mfa, requiredSince: mfa.required ? (before.mfa.requiredSince ?? now.toISOString()) : null },
    sessions,
    defaultRole: sent.defaultRole === undefined ? before.defaultRole : sent.defaultRole,
    locale: sent.locale === undefined ? before.locale : readLocale(sent.locale),
    publicLinks: sent.publicLinks ?? before.publicLinks,
  }
}

function mustShorten(field: string, minutes: number | null | undefined, limitSeconds: number): void {
  const most = Math.floor(limitSeconds / 60)
  if (minutes != null && minutes > most)
    throw invalidField(
      `sessions.${field}`,
      'too_long',
      `A tenant only shortens sessions: at most ${most} minutes here.`,
    )
}

function readLocale(sent: string | null): string | null {
  const locale = sent === null ? null : canonicalLocale(sent)
  if (locale === undefined)
    throw invalidField('locale', 'not_a_language', 'This is no language tag such as en or zh-CN.')
  return locale
}

function readDomains(sent: readonly string[]): string[] {
  const domains = sent.map((one, at) => {
    const domain = readDomain(one)
    if (domain === undefined)
      throw invalidField(`allowedMailDomains.${at}`, 'not_a_domain', 'This must be a domain such as example.com.')
    return domain
  })
  return [...new Set(domains)].sort()
}

function toSettings(tenantId: string, { settings, updatedAt }: queries.SettingsRow): Settings {
  return { tenantId, ...settings, updatedAt: updatedAt.toISOString() }
}

function differenceOf(before: TenantSettings, after: TenantSettings): Record<string, unknown> {
  const keys = Object.keys(after) as (keyof TenantSettings)[]
  const different = keys.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
  return Object.fromEntries(different.map((key) => [key, [before[key], after[key]]]))
}
