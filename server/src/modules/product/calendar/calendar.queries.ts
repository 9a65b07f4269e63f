// The SQL of calendar events and of the instances that differ.
import {
  assignments,
  atVersion,
  containing,
  type Executor,
  identifier,
  join,
  NOW,
  type Sql,
  sql,
  where,
} from '../../../drivers/database/index.ts'

export interface EventRow {
  id: string
  title: string
  description: string | null
  location: string | null
  type: string
  color: string | null
  allDay: boolean
  timeZone: string
  startAt: Date
  endAt: Date
  /** When the first instance begins, wherever it was moved. */
  spanStart: Date
  wallStart: Date
  rule: string | null
  lastAt: Date | null
  exdates: string[]
  rdates: string[]
  sequence: number
  ownerId: string
  ownerName: string
  ownerAvatar: string | null
  invited: boolean
  createdAt: Date
  updatedAt: Date
}

const COLUMNS = (
  userId: string,
) => sql`e.id, e.title, e.description, e.location, e.type, e.color, e."allDay", e."timeZone",
  e."startAt", e."endAt", e."spanStart", e."wallStart", e.rule, e."lastAt", e.exdates, e.rdates, e.sequence, e."ownerId",
  owner.name AS "ownerName", owner.avatar AS "ownerAvatar", e."createdAt", e."updatedAt",
  EXISTS (SELECT 1 FROM event_attendees a WHERE a."eventId" = e.id AND a."userId" = ${userId}) AS invited`

export function find(db: Executor, id: string, userId: string): Promise<EventRow | undefined> {
  return db.one<EventRow>(sql`
    SELECT ${COLUMNS(userId)} FROM calendar_events e JOIN users owner ON owner.id = e."ownerId" WHERE e.id = ${id}`)
}

export function findMany(db: Executor, ids: readonly string[], userId: string): Promise<EventRow[]> {
  return db.query<EventRow>(sql`
    SELECT ${COLUMNS(userId)} FROM calendar_events e JOIN users owner ON owner.id = e."ownerId" WHERE e.id = ANY (${ids}::text[])`)
}

export async function lock(db: Executor, id: string): Promise<void> {
  await db.run(sql`SELECT 1 FROM calendar_events WHERE id = ${id} FOR NO KEY UPDATE`)
}

export interface Window {
  userId: string
  /** Instants, in milliseconds since the epoch. */
  from: number
  to: number
  type?: string | undefined
  search?: string | undefined
  /** Also what they are invited to and declined. */
  declined?: boolean | undefined
}

/** As the shared tables keep it: UTC without a zone. */
const utc = (instant: number): Sql => sql`to_timestamp(${instant / 1000}::float8) AT TIME ZONE 'UTC'`

/** What is not long, as `isLong` has it, begins in a window or this much before. */
const SHORT_MS = 32 * 86_400_000

/** What somebody organizes or is invited to, and that may take place in the window, by when it first does: ranges of an index, and not the table. */
export function listWithin(db: Executor, window: Window, limit: number): Promise<EventRow[]> {
  const { userId, from, to, type, search, declined } = window
  const pattern = search ? containing(search) : undefined
  const conditions = [
    sql`e."spanEnd" >= ${utc(from)} AND e."spanStart" < ${utc(to)}`,
    type !== undefined && sql`e.type = ${type}`,
    pattern !== undefined &&
      sql`(e.title ILIKE ${pattern} OR e.description ILIKE ${pattern} OR e.location ILIKE ${pattern}
        OR EXISTS (SELECT 1 FROM calendar_overrides o, jsonb_each_text(o.changes) one
          WHERE o."eventId" = e.id AND one.value ILIKE ${pattern}))`,
  ]
  const own = [sql`e."ownerId" = ${userId}`, ...conditions]
  const invited = [sql`a."userId" = ${userId}`, !declined && sql`a.status <> 'DECLINED'`, ...conditions]
  const first = sql`ORDER BY e."spanStart", e.id LIMIT ${limit}`
  const short = sql`NOT e."isLong" AND e."spanStart" >= ${utc(from - SHORT_MS)}`
  return db.query<EventRow>(sql`
    SELECT ${COLUMNS(userId)} FROM (
      (SELECT e.id FROM calendar_events e ${where([short, ...own])} ${first})
      UNION
      (SELECT e.id FROM calendar_events e ${where([sql`e."isLong"`, ...own])} ${first})
      UNION
      (SELECT e.id FROM event_attendees a JOIN calendar_events e ON e.id = a."eventId"
       ${where(invited)} ${first})
    ) AS found JOIN calendar_events e ON e.id = found.id JOIN users owner ON owner.id = e."ownerId" ${first}`)
}

/** Everything of an event that says what it is and when. */
export interface Writing {
  title: string
  description: string | null
  location: string | null
  type: string
  color: string | null
  allDay: boolean
  timeZone: string
  /** Instants and wall times as text, for the database to read. */
  startAt: string
  endAt: string
  wallStart: string
  rule: string | null
  lastAt: string | null
  exdates: readonly string[]
  rdates: readonly string[]
  spanStart: string
  /** `infinity` where a series has no end. */
  spanEnd: string
}

export async function insert(db: Executor, id: string, ownerId: string, row: Partial<Writing>): Promise<void> {
  const entries = Object.entries({ id, ownerId, ...row }).filter(([, value]) => value !== undefined)
  const columns = join(
    entries.map(([name]) => identifier(name)),
    ', ',
  )
  const values = join(
    entries.map(([, value]) => sql`${value}`),
    ', ',
  )
  await db.run(sql`INSERT INTO calendar_events (${columns}) VALUES (${values})`)
}

/** Writes the named columns; false when the version is not the expected one any more. `moved` counts as a change of when and where. */
export async function update(
  db: Executor,
  id: string,
  changes: Partial<Writing>,
  { version, moved }: { version?: number | undefined; moved: boolean },
): Promise<boolean> {
  const written = await db.run(sql`
    UPDATE calendar_events SET ${assignments({ ...changes, updatedAt: NOW })}, sequence = sequence + ${moved ? 1 : 0}
    WHERE id = ${id} ${atVersion(version)}`)
  return written > 0
}

export async function remove(db: Executor, id: string): Promise<void> {
  await db.run(sql`DELETE FROM calendar_events WHERE id = ${id}`)
}

/** Fields in which an instance differs from its series. */
export interface OverrideChanges {
  title?: string
  description?: string | null
  location?: string | null
  type?: string
  color?: string | null
}

export interface OverrideRow {
  eventId: string
  recurrenceId: Date
  startAt: Date
  endAt: Date
  changes: OverrideChanges
}

export function overridesOf(db: Executor, eventIds: readonly string[]): Promise<OverrideRow[]> {
  return db.query<OverrideRow>(sql`
    SELECT "eventId", "recurrenceId", "startAt", "endAt", changes FROM calendar_overrides
    WHERE "eventId" = ANY (${eventIds}::text[]) ORDER BY "eventId", "recurrenceId"`)
}

export interface NewOverride {
  recurrenceId: string
  startAt: string
  endAt: string
  changes: OverrideChanges
}

export async function putOverride(db: Executor, eventId: string, row: NewOverride): Promise<void> {
  await db.run(sql`
    INSERT INTO calendar_overrides ("eventId", "recurrenceId", "startAt", "endAt", changes)
    VALUES (${eventId}, ${row.recurrenceId}, ${row.startAt}, ${row.endAt}, ${JSON.stringify(row.changes)}::jsonb)
    ON CONFLICT ("tenantId", "eventId", "recurrenceId")
    DO UPDATE SET "startAt" = EXCLUDED."startAt", "endAt" = EXCLUDED."endAt", changes = EXCLUDED.changes, "updatedAt" = now()`)
}

export async function dropOverride(db: Executor, eventId: string, recurrenceId: string): Promise<void> {
  await db.run(
    sql`DELETE FROM calendar_overrides WHERE "eventId" = ${eventId} AND "recurrenceId" = ${recurrenceId}::timestamp`,
  )
}

/** Puts these in the place of all that differ. */
export async function replaceOverrides(db: Executor, eventId: string, rows: readonly NewOverride[]): Promise<void> {
  await db.run(sql`DELETE FROM calendar_overrides WHERE "eventId" = ${eventId}`)
  for (const row of rows) await putOverride(db, eventId, row)
}
