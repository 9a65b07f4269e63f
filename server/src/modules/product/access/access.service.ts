// The one resolver of access to content: what a single read allows, lists and searches show, and nothing more.
import type { UserActor } from '../../../core/actor.ts'
import { grantFor } from '../../../core/permission.ts'
import type { Executor, Sql } from '../../../drivers/database/index.ts'
import { accessErrors } from './access.errors.ts'
import { atLeast, isManager, type Kind, type Level, VIEWING } from './access.policy.ts'
import * as queries from './access.queries.ts'

/** An item and how far it is open. */
export interface Standing extends queries.FoundItem {
  level: Level
}

/** From where somebody reaches the items of a kind. */
export interface Reach {
  /** Every item of the tenant: nothing has to be asked of the rows. */
  everything: boolean
  roots: queries.Roots
  /** How the items are found; to be read with `alongWays`. */
  ways: queries.Way[]
  /** The same as one condition, for rows that something else found; undefined where everything is reached. */
  condition: Sql | undefined
}

export interface Access {
  /** How far an item is open to the actor; undefined where it is not, or is not there. */
  levelOf(db: Executor, actor: UserActor, kind: Kind, id: string): Promise<Level | undefined>
  /**
   * The item, open at least that far. Throws `<kind>s.not_found` where it is not open at all, `content.level_too_low` where
   * it is and not far enough. With `deleted` it looks in the trash, which only owners and managers see.
   */
  must(db: Executor, actor: UserActor, at: Place, least: Level): Promise<Standing>
  /** Whether the actor sees what happens to an item: whoever may read it, or could before it went into the trash. */
  mayHear(db: Executor, actor: UserActor, kind: Kind, id: string): Promise<boolean>
  /** What lists, searches and counts ask of rows. One statement. */
  reachable(db: Executor, actor: UserActor, kind: Kind): Promise<Reach>
}

export interface Place {
  kind: Kind
  id: string
  deleted?: boolean
}

export function createAccess(): Access {
  async function find(db: Executor, actor: UserActor, { kind, id, deleted }: Place): Promise<Standing | undefined> {
    const item = await queries.find(db, kind, id, actor.userId, deleted)
    if (!item) return undefined
    const level = isManager(actor, kind) ? 'OWNER' : queries.levelOfRank(item.rank)
    return level && (!deleted || level === 'OWNER') ? { ...item, level } : undefined
  }

  return {
    levelOf: async (db, actor, kind, id) => (await find(db, actor, { kind, id }))?.level,

    async must(db, actor, at, least) {
      const item = await find(db, actor, at)
      if (!item) throw accessErrors(`${at.kind}s.not_found`)
      if (!atLeast(item.level, least))
        throw accessErrors('content.level_too_low', { facts: { level: item.level, needed: least } })
      return item
    },

    async mayHear(db, actor, kind, id) {
      if (!grantFor(actor.permissions, VIEWING[kind])) return false
      const item =
        (await queries.find(db, kind, id, actor.userId)) ?? (await queries.find(db, kind, id, actor.userId, true))
      return item !== undefined && (item.rank > 0 || isManager(actor, kind))
    },

    async reachable(db, actor, kind) {
      if (isManager(actor, kind))
        return {
          everything: true,
          roots: { teamIds: [], paths: [] },
          ways: [{ condition: queries.ANY }],
          condition: undefined,
        }
      const roots = await queries.roots(db, actor.userId)
      const ways = queries.waysTo(kind, actor.userId, roots)
      return { everything: false, roots, ways, condition: queries.reached(kind, actor.userId, roots) }
    },
  }
}
