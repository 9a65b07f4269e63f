// The one resolver of access to content: what a single read allows, lists and searches show, and nothing more.
import type { UserActor } from '../../../core/actor.ts'
import { createGates } from '../../../core/gate.ts'
import { grantFor } from '../../../core/permission.ts'
import type { Database, Executor, Sql, Tx } from '../../../drivers/database/index.ts'
import type { Events } from '../../foundation/events/index.ts'
import { accessErrors } from './access.errors.ts'
import { atLeast, isManager, type Kind, type Level, VIEWING } from './access.policy.ts'
import * as queries from './access.queries.ts'
import type { NewShare } from './access.schema.ts'
import type { ShareTable } from './shares.queries.ts'
import { type Shared, share, tellShared } from './shares.ts'

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

/** Whether the folder at a path is reached. */
export function isOpen({ everything, roots }: Reach, idPath: string | null): boolean {
  return idPath !== null && (everything || roots.paths.some((root) => idPath.startsWith(root)))
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
  /** What those of the items are called that the actor may read; the others are left out. */
  titles(db: Executor, actor: UserActor, kind: Kind, ids: readonly string[]): Promise<Map<string, string>>
  /**
   * Shares an item with everybody who is named, in the place of what each had, and tells those who listen; answers what is to be
   * recorded.
   */
  share(tx: Tx, actor: UserActor, table: ShareTable, item: Shared, body: NewShare): Promise<Record<string, unknown>>
  /**
   * What of a kind is open to the actor in a folder that is: a condition on `d`. Undefined where nothing is: a folder opens what lies
   * in it to those who may look at things of that kind.
   */
  within(db: Executor, actor: UserActor, kind: Kind): Promise<Sql | undefined>
  /** A transaction that changes the tenant's trees: nobody else changes them, or puts anything into them, until it ends. */
  inTree<T>(actor: UserActor, work: (tx: Tx) => Promise<T>): Promise<T>
  /** A transaction that puts items into folders: where these stand, and for whom, stays until it ends. */
  inPlace<T>(actor: UserActor, work: (tx: Tx) => Promise<T>): Promise<T>
  /** What lists, searches and counts ask of rows. One statement. */
  reachable(db: Executor, actor: UserActor, kind: Kind): Promise<Reach>
}

/** The path by names of a folder, from the uppermost folder that is reached. `names` are those of `idPath`, from the root down. */
export function pathOf(reach: Reach, idPath: string, names: readonly string[]): string {
  const ids = idPath.split('/').filter(Boolean)
  const first = ids.findIndex((_, at) => isOpen(reach, `/${ids.slice(0, at + 1).join('/')}/`))
  return first < 0 ? `/${names.at(-1) ?? ''}` : `/${names.slice(first).join('/')}`
}

export interface Place {
  kind: Kind
  id: string
  deleted?: boolean
}

export interface AccessParts {
  database: Pick<Database, 'inTenant'>
  events: Pick<Events, 'publish'>
}

/** So many of a tenant wait for its trees on a connection; the others before they have one. */
const CHANGING = 2
const PLACING = 4

export function createAccess({ database, events }: AccessParts): Access {
  const changes = createGates(CHANGING)
  const placements = createGates(PLACING)

  async function find(db: Executor, actor: UserActor, { kind, id, deleted }: Place): Promise<Standing | undefined> {
    const item = await queries.find(db, kind, id, actor.userId, deleted)
    if (!item) return undefined
    const level = isManager(actor, kind) ? 'OWNER' : queries.levelOfRank(item.rank)
    return level && (!deleted || level === 'OWNER') ? { ...item, level } : undefined
  }

  async function reachable(db: Executor, actor: UserActor, kind: Kind): Promise<Reach> {
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

    reachable,
    async within(db, actor, kind) {
      if (!grantFor(actor.permissions, VIEWING[kind])) return undefined
      // Whoever reaches a folder reaches what lies in it, but for those who reach it as a manager of folders alone.
      if (isManager(actor, kind) || !isManager(actor, 'folder')) return queries.ANY
      return (await reachable(db, actor, kind)).condition
    },

    inTree: ({ tenantId }, work) =>
      changes(tenantId, () =>
        database.inTenant(tenantId, async (tx) => {
          await queries.lockTree(tx)
          return work(tx)
        }),
      ),

    inPlace: ({ tenantId }, work) =>
      placements(tenantId, () =>
        database.inTenant(tenantId, async (tx) => {
          await queries.holdTree(tx)
          return work(tx)
        }),
      ),

    async titles(db, actor, kind, ids) {
      if (ids.length === 0 || !grantFor(actor.permissions, VIEWING[kind])) return new Map()
      const { condition } = await reachable(db, actor, kind)
      const rows = await queries.titles(db, kind, ids, condition)
      return new Map(rows.map(({ id, title }) => [id, title]))
    },

    async share(tx, actor, table, item, body) {
      await queries.lockItem(tx, item.kind, item.id)
      const changes = await share(tx, actor, table, item, body)
      tellShared(events, tx, actor, item, body)
      return changes
    },
  }
}
