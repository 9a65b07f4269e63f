// The dashboard: true figures of this tenant, as far as the viewer may know them.
import type { UserActor } from '../../../core/actor.ts'
import type { Clock } from '../../../core/clock.ts'
import { Problem } from '../../../core/errors.ts'
import type { Database } from '../../../drivers/database/index.ts'
import type { Jobs } from '../../../drivers/queue/index.ts'
import type { Machine, Meter } from '../../../drivers/telemetry/index.ts'
import type { Teams } from '../../identity/teams/index.ts'
import type { Access, Kind } from '../../product/access/index.ts'
import { type Calendar, MOST_COUNTED } from '../../product/calendar/index.ts'
import type { Messages } from '../../product/messages/index.ts'
import { countDays, countDaysJob } from './counting.ts'
import * as policy from './dashboard.policy.ts'
import type { Activities, Overview, Slice, Stats, Task } from './dashboard.schema.ts'
import * as figures from './figures.queries.ts'
import * as items from './items.queries.ts'
import { slicesOf } from './slices.ts'
import { DAY_MS, taskOf, windowsOf } from './tasks.ts'

export interface Dashboard {
  stats(actor: UserActor): Promise<Stats>
  visits(actor: UserActor): Promise<figures.DayRow[]>
  sales(actor: UserActor): Promise<figures.MonthRow[]>
  products(actor: UserActor): Promise<object[]>
  orders(actor: UserActor): Promise<object[]>
  activities(actor: UserActor): Promise<Activities['data']>
  pie(actor: UserActor): Promise<Slice[]>
  tasks(actor: UserActor): Promise<Task[]>
  overview(actor: UserActor): Promise<Overview>
  /** Counts what is over of every tenant; answers how many tenants had something to count. */
  count(signal?: AbortSignal): Promise<number>
  defineJobs(): void
}

export interface DashboardParts {
  database: Pick<Database, 'global' | 'tenant' | 'inTenant'>
  jobs: Pick<Jobs, 'define'>
  clock: Clock
  access: Pick<Access, 'reachable' | 'titles'>
  teams: Pick<Teams, 'namesOf'>
  calendar: Pick<Calendar, 'list' | 'titlesOf'>
  messages: Pick<Messages, 'namesOf'>
  machine: Machine
  meter: Pick<Meter, 'read'>
  homeTenantId: string
}

const VISIT_DAYS = 7
const SALES_MONTHS = 6
const ROWS = 10
const ACTIVITIES = 20
const TASKS = 20

export function createDashboard(parts: DashboardParts): Dashboard {
  const { database, clock, access, calendar, machine, meter, homeTenantId, jobs } = parts
  const rowsOf = (actor: UserActor) => database.tenant(actor.tenantId)
  const reachOf = (actor: UserActor, kind: Kind) => access.reachable(rowsOf(actor), actor, kind)

  async function reaches(actor: UserActor): Promise<figures.Reaches> {
    const [documents, files] = await Promise.all([
      policy.seesDocuments(actor) ? reachOf(actor, 'document') : undefined,
      policy.seesFiles(actor) ? reachOf(actor, 'file') : undefined,
    ])
    return { userId: actor.userId, documents, files }
  }

  async function pendingOf(actor: UserActor): Promise<number | null> {
    if (!policy.seesCalendar(actor)) return null
    const now = clock.now()
    const window = { start: new Date(now).toISOString(), end: new Date(now + 30 * DAY_MS).toISOString() }
    try {
      const { total } = (await calendar.list(actor, { ...window, type: 'task', limit: 1 })).meta
      return total > MOST_COUNTED ? null : total
    } catch (error) {
      // More than a calendar looks at: the other figures are none the worse for it.
      if (error instanceof Problem && error.code === 'calendar.range_too_full') return null
      throw error
    }
  }

  return {
    async stats(actor) {
      const [row, pendingTasks] = await Promise.all([
        figures.stats(rowsOf(actor), policy.statsView(actor)),
        pendingOf(actor),
      ])
      return { ...toStats(row), pendingTasks }
    },

    visits: async (actor) => (policy.seesUsage(actor) ? figures.visits(rowsOf(actor), VISIT_DAYS) : []),
    sales: async (actor) => figures.sales(rowsOf(actor), await reaches(actor), SALES_MONTHS),

    async products(actor) {
      if (!policy.seesDocuments(actor)) return []
      const rows = await items.products(rowsOf(actor), actor.userId, await reachOf(actor, 'document'), ROWS)
      return rows.map(({ id, title, type, size, views, shares }) => {
        return { id, name: title, category: type, price: size, sales: views, stock: shares, image: null }
      })
    },

    async orders(actor) {
      if (!policy.seesFiles(actor)) return []
      const rows = await items.orders(rowsOf(actor), await reachOf(actor, 'file'), ROWS)
      return rows.map(({ id, name, owner, size, kept, createdAt }) => {
        const status = kept ? 'delivered' : 'pending'
        return { id, orderNo: name, customer: owner, amount: size, status, createdAt: createdAt.toISOString() }
      })
    },

    async activities(actor) {
      const kinds: Kind[] = []
      if (policy.seesDocuments(actor)) kinds.push('document')
      if (policy.seesFiles(actor)) kinds.push('file', 'folder')
      const reached = policy.seesAudit(actor)
        ? 'everything'
        : await Promise.all(kinds.map(async (kind) => ({ kind, reach: await reachOf(actor, kind) })))
      const rows = await items.activities(rowsOf(actor), actor.userId, reached, ACTIVITIES)
      const titles = await titlesOf(parts, actor, rows)
      return rows.map(({ id, user, avatar, action, targetType, targetId, at }) => {
        const target = titles.get(`${targetType} ${targetId}`) ?? null
        return { id, user, avatar, action, target, targetType, targetId, time: at.toISOString() }
      })
    },

    pie: async (actor) => slicesOf(await figures.types(rowsOf(actor), await reaches(actor))),

    async tasks(actor) {
      if (!policy.seesCalendar(actor)) return []
      const now = clock.now()
      const { over, open } = windowsOf(now)
      // What is running or comes has the first places, and what is over those that are left.
      const { data } = await calendar.list(actor, { ...open, type: 'task', limit: TASKS })
      const left = TASKS - data.length
      const before = left > 0 ? (await calendar.list(actor, { ...over, type: 'task', limit: MOST_COUNTED })).data : []
      const done = before.filter(({ end }) => Date.parse(end) <= now).slice(-left)
      return [...data, ...done.reverse()].map((event) => taskOf(event, now))
    },

    async overview(actor) {
      if (!policy.seesMachine(actor, homeTenantId)) return UNTOLD
      return { ...(await machine.read()), ...meter.read() }
    },

    count: (signal) => countDays(parts, signal),
    defineJobs() {
      jobs.define({
        ...countDaysJob,
        handler: async ({ signal }) => ({ tenants: await countDays(parts, signal) }),
      })
    },
  }
}

const UNTOLD: Overview = {
  cpu: null,
  memory: null,
  disk: null,
  network: null,
  uptime: null,
  requests: null,
  errors: null,
  responseTime: null,
}

function toStats(row: figures.StatsRow): Omit<Stats, 'pendingTasks'> {
  const { totalUsers, visitors } = row
  return {
    totalUsers,
    activeUsers: row.activeUsers,
    userGrowth: growth(row.joined, row.joinedBefore),
    totalRevenue: row.bytes,
    revenueGrowth: growth(row.added, row.addedBefore),
    totalOrders: row.operations,
    recentOrders: row.operationsToday,
    orderGrowth: growth(row.operationsLately, row.operationsBefore),
    // Who signed in and left since is no member any more.
    conversionRate: visitors === null || !totalUsers ? null : Math.min(100, percent(visitors, totalUsers)),
    rateGrowth: growth(visitors, row.visitorsBefore),
    conversionAsOf: row.visitorsUntil,
  }
}

const percent = (part: number, whole: number) => Math.round((1000 * part) / whole) / 10

/** In percent; null where there was nothing to grow from. */
function growth(now: number | null, before: number | null): number | null {
  if (now === null || before === null) return null
  if (before <= 0) return now === before ? 0 : null
  return percent(now - before, before)
}

/** What the targets are called, by `<type> <id>`, of those that the viewer may know. */
async function titlesOf(
  { database, access, teams, calendar, messages }: DashboardParts,
  actor: UserActor,
  rows: readonly items.ActivityRow[],
): Promise<Map<string, string>> {
  const db = database.tenant(actor.tenantId)
  const idsOf = (type: string) => [
    ...new Set(rows.flatMap((row) => (row.targetType === type && row.targetId ? [row.targetId] : []))),
  ]
  const people = async (ids: readonly string[]) =>
    policy.seesUsers(actor) ? new Map((await items.names(db, ids)).map(({ id, title }) => [id, title])) : new Map()
  const readers: Record<string, (ids: readonly string[]) => Promise<Map<string, string>>> = {
    document: (ids) => access.titles(db, actor, 'document', ids),
    file: (ids) => access.titles(db, actor, 'file', ids),
    folder: (ids) => access.titles(db, actor, 'folder', ids),
    team: (ids) => teams.namesOf(actor, ids),
    calendar_event: (ids) => calendar.titlesOf(actor, ids),
    conversation: (ids) => messages.namesOf(actor, ids),
    user: people,
  }
  const found = await Promise.all(
    Object.entries(readers).map(async ([type, read]) => {
      const ids = idsOf(type)
      return ids.length ? [...(await read(ids))].map(([id, title]) => [`${type} ${id}`, title] as const) : []
    }),
  )
  return new Map(found.flat())
}
