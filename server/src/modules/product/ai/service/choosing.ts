// Which models there are, what a tenant chose about them, and what was used.
import type { UserActor } from '../../../../core/actor.ts'
import { AI_SETTINGS_CHANGED } from '../../../../core/topics.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { type AiSettings, type AiSettingsChanges, type Models, toSettings, type Usage } from '../ai.choosing.schema.ts'
import { aiErrors } from '../ai.errors.ts'
import * as queries from '../settings.queries.ts'
import * as usage from '../usage.queries.ts'
import { limitsOf } from './budget.ts'
import { namedModel } from './models.ts'
import { type AiParts, record } from './parts.ts'

export interface Choosing {
  /** Throws `ai.no_provider` where none is set up. */
  models(actor: UserActor): Promise<Models>
  settings(actor: UserActor): Promise<AiSettings>
  change(actor: UserActor, changes: AiSettingsChanges, facts: RequestFacts): Promise<AiSettings>
  usage(actor: UserActor): Promise<Usage>
}

const DAYS = 31

export function createChoosing(parts: AiParts): Choosing {
  const { database, directory, options } = parts
  return {
    async models(actor) {
      if (directory.isEmpty) throw aiErrors('ai.no_provider')
      const [{ models, providers }, chosen] = await Promise.all([
        directory.list(),
        queries.find(database.tenant(actor.tenantId)),
      ])
      const wanted = chosen?.defaultModel || options.defaultModel
      const standard = wanted ? await directory.find(wanted) : (models.find(({ available }) => available) ?? models[0])
      return {
        data: models.map(({ id, provider, name, available }) => ({
          id,
          provider,
          name,
          available: available ?? null,
          default: id === standard?.id,
        })),
        providers: providers.map(({ name, healthy, checkedAt }) => ({
          name,
          healthy,
          checkedAt: new Date(checkedAt).toISOString(),
        })),
      }
    },

    settings: async (actor) => toSettings(await queries.find(database.tenant(actor.tenantId))),

    async change(actor, changes, facts) {
      const { defaultModel } = changes
      if (defaultModel) await namedModel(directory, defaultModel, 'defaultModel')
      return database.inTenant(actor.tenantId, async (tx) => {
        await queries.lock(tx)
        const { updatedAt: _, ...before } = toSettings(await queries.find(tx))
        const after = { ...before, ...changes }
        const names = (Object.keys(before) as (keyof typeof before)[]).filter((name) => before[name] !== after[name])
        if (names.length > 0) {
          const { tenantTokensPerDay: tenantTokens, userTokensPerDay: userTokens, ...rest } = after
          await queries.write(tx, { ...rest, tenantTokens, userTokens })
          await parts.bus.publish(tx, AI_SETTINGS_CHANGED, { tenantId: actor.tenantId })
          const told = Object.fromEntries(names.map((name) => [name, [before[name], after[name]]]))
          const deed = { action: 'ai.settings', targetType: 'tenant', targetId: actor.tenantId, changes: told }
          record(parts, tx, actor, deed, facts)
        }
        return toSettings(await queries.find(tx))
      })
    },

    async usage(actor) {
      const db = database.tenant(actor.tenantId)
      const [chosen, today, data] = await Promise.all([
        queries.find(db),
        usage.today(db, actor.userId),
        usage.days(db, actor.userId, DAYS),
      ])
      const limits = limitsOf(chosen, options)
      const left = (limit: number, userId: string) => {
        const spent = today.find((row) => row.userId === userId)?.tokens ?? 0
        return Number.isFinite(limit) ? Math.max(0, limit - spent) : null
      }
      return { tenantTokensLeft: left(limits.tenant, ''), ownTokensLeft: left(limits.user, actor.userId), data }
    },
  }
}
