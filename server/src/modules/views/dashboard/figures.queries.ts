// The SQL of figures: kept sums, and of the days that the job has not counted yet the audit log by its index. One statement each.
import { type Executor, identifier, join, literal, type Sql, sql } from '../../../drivers/database/index.ts'
import { alongWays, type Reach } from '../../product/access/index.ts'

export const TODAY = sql`(now() AT TIME ZONE 'UTC')::date`

/** Beyond this the items of one way are not counted. */
const COUNTED = 10_000

/** The beginning of a day in UTC. */
const startOf = (day: Sql) => sql`((${day})::timestamp AT TIME ZONE 'UTC')`

/** The first day that is read from the audit log itself: the one after the last that was counted, at most so many ago. */
const live = (days: number) => sql`GREATEST((SELECT through + 1 FROM daily_counts), ${TODAY} - ${days - 1}::int)`

/** The action of an audit entry about somebody who came in. */
export const SIGNED_IN = 'auth.login'

/** What the viewer may be shown. */
export interface StatsView {
  userId: string
  /** Figures of the members. */
  members: boolean
  /** Figures of what is done, and of who comes in. */
  usage: boolean
  /** Bytes of the whole tenant, of the viewer alone, or none. */
  storage: 'all' | 'own' | undefined
}

export interface StatsRow {
  totalUsers: number | null
  activeUsers: number | null
  joined: number | null
  joinedBefore: number | null
  bytes: number | null
  added: number | null
  addedBefore: number | null
  operations: number | null
  operationsToday: number | null
  operationsLately: number | null
  operationsBefore: number | null
  visitors: number | null
  visitorsBefore: number | null
  visitorsUntil: string | null
}

/** The sum of a kind that is kept by the day, of the last 30 days or of the 30 before. */
const kept = (kind: string, days: Sql, column: Sql = sql`items`) =>
  sql`(SELECT COALESCE(sum(${column}), 0)::float8 FROM daily_totals WHERE kind = ${kind} AND ${days})`
const LATELY = sql`day > ${TODAY} - 30 AND day <= ${TODAY}`
const BEFORE = sql`day > ${TODAY} - 60 AND day <= ${TODAY} - 30`

export async function stats(db: Executor, { userId, members, usage, storage }: StatsView): Promise<StatsRow> {
  const row = await db.one<StatsRow>(sql`
    SELECT ${join([membersPart(members), storagePart(storage, userId), usagePart(usage)], ', ')}`)
  return row!
}

function membersPart(shown: boolean): Sql {
  if (!shown) return nothing('totalUsers activeUsers joined joinedBefore')
  return sql`
    (SELECT COALESCE(sum(delta), 0)::float8 FROM member_totals WHERE status <> 'DELETED') AS "totalUsers",
    (SELECT COALESCE(sum(delta), 0)::float8 FROM member_totals WHERE status = 'ACTIVE') AS "activeUsers",
    ${kept('member', LATELY)} AS joined, ${kept('member', BEFORE)} AS "joinedBefore"`
}

function storagePart(shown: StatsView['storage'], userId: string): Sql {
  if (!shown) return nothing('bytes added addedBefore')
  const whose = shown === 'all' ? '' : userId
  const bytes = sql`COALESCE((SELECT bytes::float8 FROM storage_usage WHERE "userId" = ${whose}), 0) AS bytes`
  if (shown === 'own') return sql`${bytes}, ${nothing('added addedBefore')}`
  const grown = (days: Sql) => kept('file', days, sql`bytes`)
  return sql`${bytes}, ${grown(LATELY)} AS added, ${grown(BEFORE)} AS "addedBefore"`
}

/** Operations are what the audit log has ever numbered and the other back end's activities; days that are over were counted by the job. */
function usagePart(shown: boolean): Sql {
  if (!shown)
    return nothing('operations operationsToday operationsLately operationsBefore visitors visitorsBefore visitorsUntil')
  const audited = (from: Sql, to: Sql) => sql`
    (SELECT count(*)::float8 FROM audit_logs WHERE at >= ${startOf(live(60))} AND at >= ${startOf(from)} AND at < ${startOf(to)})`
  const within = (days: Sql, from: Sql, to: Sql) =>
    sql`${kept('operation', days)} + ${kept('activity', days)} + ${audited(from, to)}`
  const last = sql`(SELECT max(day) FROM daily_totals WHERE kind = 'visitors30')`
  const snapshot = (day: Sql) =>
    sql`(SELECT sum(items)::float8 FROM daily_totals WHERE kind = 'visitors30' AND day = ${day})`
  return sql`
    (SELECT COALESCE(sum(seq), 0)::float8 FROM audit_heads) + ${kept('activity', sql`true`)} AS operations,
    ${audited(TODAY, sql`${TODAY} + 1`)} + ${kept('activity', sql`day = ${TODAY}`)} AS "operationsToday",
    ${within(LATELY, sql`${TODAY} - 29`, sql`${TODAY} + 1`)} AS "operationsLately",
    ${within(BEFORE, sql`${TODAY} - 59`, sql`${TODAY} - 29`)} AS "operationsBefore",
    COALESCE(${snapshot(last)}, (SELECT count(DISTINCT "actorId")::float8 FROM audit_logs
      WHERE action = ${SIGNED_IN} AND at >= now() - interval '30 days')) AS visitors,
    ${snapshot(sql`${last} - 30`)} AS "visitorsBefore",
    to_char(${last} + 1, 'YYYY-MM-DD"T"00:00:00.000"Z"') AS "visitorsUntil"`
}

function nothing(names: string): Sql {
  return join(
    names.split(' ').map((name) => sql`NULL AS ${identifier(name)}`),
    ', ',
  )
}

export interface DayRow {
  date: string
  visits: number
  uniqueVisitors: number
  pageViews: number
}

/** The last days, today included: sign-ins, who signed in, and operations. */
export function visits(db: Executor, days: number): Promise<DayRow[]> {
  // The first bound follows from the second: it is the one by which the database knows how little it will find.
  const lately = sql`at >= ${startOf(sql`${TODAY} - ${days - 1}::int`)} AND at >= (SELECT at FROM since)`
  const day = sql`(at AT TIME ZONE 'UTC')::date`
  return db.query<DayRow>(sql`
    WITH since AS MATERIALIZED (SELECT ${startOf(live(days))} AS at), counted AS (
      SELECT day, kind, sum(items) AS items FROM daily_totals
      WHERE kind IN ('operation', 'activity', 'signIn', 'visitor') AND day > ${TODAY} - ${days}::int GROUP BY 1, 2
      UNION ALL SELECT ${day}, 'operation', count(*) FROM audit_logs WHERE ${lately} GROUP BY 1
      UNION ALL SELECT ${day}, 'signIn', count(*) FROM audit_logs WHERE action = ${SIGNED_IN} AND ${lately} GROUP BY 1
      UNION ALL SELECT ${day}, 'visitor', count(DISTINCT "actorId") FROM audit_logs WHERE action = ${SIGNED_IN} AND ${lately} GROUP BY 1)
    SELECT to_char(shown.day, 'YYYY-MM-DD') AS date,
      COALESCE(sum(items) FILTER (WHERE kind = 'signIn'), 0)::float8 AS visits,
      COALESCE(sum(items) FILTER (WHERE kind = 'visitor'), 0)::float8 AS "uniqueVisitors",
      COALESCE(sum(items) FILTER (WHERE kind IN ('operation', 'activity')), 0)::float8 AS "pageViews"
    FROM (SELECT ${TODAY} - back AS day FROM generate_series(0, ${days}::int - 1) AS back) AS shown
    LEFT JOIN counted ON counted.day = shown.day GROUP BY shown.day ORDER BY shown.day`)
}

/** From where the viewer reaches documents and files; undefined where they see none of them at all. */
export interface Reaches {
  userId: string
  documents: Reach | undefined
  files: Reach | undefined
}

export interface MonthRow {
  month: string
  sales: number
  profit: number
}

/** The last months, this one included: what was made and what was shared, of what is still there. */
export function sales(db: Executor, { userId, documents, files }: Reaches, months: number): Promise<MonthRow[]> {
  const first = sql`(date_trunc('month', ${TODAY}) - make_interval(months => ${literal(months - 1)}))`
  const parts: Sql[] = []
  const keptSince = (what: string, condition: Sql) =>
    parts.push(sql`SELECT ${what}, day, items FROM daily_totals WHERE ${condition} AND day >= ${first}::date`)
  const live = (what: string, rows: Sql) =>
    parts.push(sql`SELECT ${what}, (at AT TIME ZONE 'UTC')::date, count(*) FROM (${rows}) AS made (id, at) GROUP BY 2`)
  if (documents?.everything) {
    keptSince('sales', sql`kind = 'document'`)
    keptSince('profit', sql`kind = 'share' AND type = 'document'`)
  } else if (documents) {
    live('sales', madeAlong(documents, sql`documents`, first))
    live('profit', sharedOf(sql`documents`, sql`document_shares s WHERE s."documentId" = d.id`, { userId, first }))
  }
  if (files?.everything) {
    keptSince('sales', sql`kind = 'file'`)
    keptSince('profit', sql`kind = 'share' AND type IN ('file', 'folder')`)
  } else if (files) {
    live('sales', madeAlong(files, sql`files`, first))
    // Shares with people and shares with teams have an index each.
    for (const target of [sql`"userId"`, sql`"teamId"`])
      for (const [kind, table] of [['file', sql`files`] as const, ['folder', sql`folders`] as const]) {
        const shares = sql`content_shares s WHERE s.kind = ${kind} AND s."itemId" = d.id AND s.${target} IS NOT NULL`
        live('profit', sharedOf(table, shares, { userId, first }))
      }
  }
  if (!parts.length) return Promise.resolve([])
  return db.query<MonthRow>(sql`
    WITH made (what, day, items) AS (${join(parts, ' UNION ALL ')})
    SELECT to_char(shown.month, 'YYYY-MM') AS month,
      COALESCE(sum(items) FILTER (WHERE what = 'sales'), 0)::float8 AS sales,
      COALESCE(sum(items) FILTER (WHERE what = 'profit'), 0)::float8 AS profit
    FROM generate_series(${first}, date_trunc('month', ${TODAY}), interval '1 month') AS shown (month)
    LEFT JOIN made ON date_trunc('month', made.day) = shown.month GROUP BY shown.month ORDER BY shown.month`)
}

const madeAlong = ({ ways }: Reach, table: Sql, first: Sql) =>
  alongWays(
    ways,
    (condition) => sql`SELECT d.id, d."createdAt" AT TIME ZONE 'UTC' FROM ${table} d
      WHERE ${condition} AND d."deletedAt" IS NULL AND d."createdAt" >= ${first} LIMIT ${literal(COUNTED)}`,
    COUNTED,
  )

/** Shares of what somebody owns, item by item: there are few of one, and many of all. */
const sharedOf = (table: Sql, shares: Sql, { userId, first }: { userId: string; first: Sql }) =>
  sql`SELECT share.id, share.at FROM (
        SELECT d.id FROM ${table} d WHERE d."ownerId" = ${userId} ORDER BY d."updatedAt" DESC LIMIT ${literal(COUNTED)}
      ) AS d CROSS JOIN LATERAL (
        SELECT s.id, s."createdAt"::timestamptz AS at FROM ${shares} AND s."createdAt" >= ${first} LIMIT ${literal(COUNTED)}) AS share`

export interface TypeRow {
  kind: 'document' | 'file'
  type: string
  items: number
}

/** How many documents there are, and of which types files are. */
export function types(db: Executor, { documents, files }: Reaches): Promise<TypeRow[]> {
  const parts: Sql[] = []
  for (const [kind, reach] of [['document', documents] as const, ['file', files] as const]) {
    if (!reach) continue
    if (reach.everything) {
      parts.push(
        sql`SELECT kind, type, sum(items)::float8 AS items FROM daily_totals WHERE kind = ${kind} GROUP BY 1, 2`,
      )
      continue
    }
    const [table, type] = kind === 'file' ? [sql`files`, sql`d."mimeType"`] : [sql`documents`, sql`''::text`]
    const found = alongWays(
      reach.ways,
      (condition) =>
        sql`SELECT d.id, ${type} FROM ${table} d WHERE ${condition} AND d."deletedAt" IS NULL LIMIT ${literal(COUNTED)}`,
      COUNTED,
    )
    parts.push(sql`SELECT ${kind}, type, count(*)::float8 FROM (${found}) AS found (id, type) GROUP BY 2`)
  }
  if (!parts.length) return Promise.resolve([])
  return db.query<TypeRow>(sql`
    SELECT * FROM (${join(parts, ' UNION ALL ')}) AS counted (kind, type, items) WHERE items > 0`)
}
