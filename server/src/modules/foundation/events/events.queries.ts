// The SQL of events: appended in commit order, read from a place on, and what subscribers are owed.
import { type Database, type Executor, sql, type Tx, where } from '../../../drivers/database/index.ts'

export interface EventRow {
  seq: number
  id: string
  name: string
  aggregate: string
  aggregateId: string
  payload: unknown
  actor: string
  actorId: string | null
  occurredAt: Date
}

/** An event as it is published. */
export type NewEvent = Omit<EventRow, 'seq' | 'occurredAt'>

/** A place in a tenant's order: after the event of that number and id. Before the first it is 0 and '0'. */
export interface Place {
  readonly seq: number
  readonly id: string
}

/** Adds events, in the order given. They have their place in the tenant's order after COMMIT. */
export async function append(tx: Tx, added: NewEvent[]): Promise<void> {
  await tx.run(sql`
    INSERT INTO events (id, name, aggregate, "aggregateId", payload, actor, "actorId")
    SELECT id, name, aggregate, "aggregateId", payload, actor, "actorId"
    FROM ROWS FROM (jsonb_to_recordset(${JSON.stringify(added)}::jsonb) AS (
      id text, name text, aggregate text, "aggregateId" text, payload jsonb, actor text, "actorId" text
    )) WITH ORDINALITY AS listed (id, name, aggregate, "aggregateId", payload, actor, "actorId", place)
    ORDER BY place`)
}

/** Gives places in the tenant's order to what was committed since, at most so many; answers how many. */
export async function number(db: Executor, most: number): Promise<number> {
  return (await db.one<{ numbered: number }>(sql`SELECT events_number(${most}::int) AS numbered`))!.numbered
}

/** The tenants, of these or of all, in which events wait for a place although their transaction has been over for a second. */
export function listUnnumbered(
  database: Pick<Database, 'acrossTenants'>,
  tenantIds?: string[],
): Promise<{ tenantId: string }[]> {
  return database.acrossTenants('events that have no place in their order yet', (tx) =>
    tx.query(sql`
      SELECT DISTINCT "tenantId" FROM events
      ${where([
        sql`seq IS NULL`,
        sql`"occurredAt" < now() - interval '1 second'`,
        tenantIds && sql`"tenantId" = ANY (${tenantIds})`,
      ])}`),
  )
}

/** Writes down what subscribers are owed of the last events that were numbered; answers the events' ids. */
export async function owe(
  tx: Tx,
  numbered: number,
  subscriptions: { name: string; subscriber: string }[],
): Promise<string[]> {
  const rows = await tx.query<{ eventId: string }>(sql`
    INSERT INTO event_deliveries (subscriber, "eventId", seq, aggregate, "aggregateId", state)
    SELECT asked.subscriber, event.id, event.seq, event.aggregate, event."aggregateId", 'waiting'
    FROM events event
    JOIN jsonb_to_recordset(${JSON.stringify(subscriptions)}::jsonb) AS asked (name text, subscriber text) ON asked.name = event.name
    WHERE event.seq > (SELECT seq FROM event_heads) - ${numbered}::int
    RETURNING "eventId"`)
  return [...new Set(rows.map(({ eventId }) => eventId))]
}

/** Where the tenant's order ends, and the place that an id names, unless it is not known (any more). */
export async function findPlace(
  db: Executor,
  id: string | undefined,
): Promise<{ head: Place; place: Place | undefined }> {
  const row = await db.one<{ seq: number | null; lastId: string | null; known: number | null }>(sql`
    SELECT head.seq, head."lastId", (SELECT seq FROM events WHERE id = ${id ?? ''}) AS known
    FROM (SELECT) nothing LEFT JOIN event_heads head ON true`)
  const head = { seq: row?.seq ?? 0, id: row?.lastId ?? START.id }
  if (id === undefined || id === head.id) return { head, place: head }
  if (id === START.id) return { head, place: START }
  const known = row?.known ?? null
  return { head, place: known === null ? undefined : { seq: known, id } }
}

const START: Place = { seq: 0, id: '0' }

export function listAfter(db: Executor, seq: number, limit: number): Promise<EventRow[]> {
  return db.query<EventRow>(sql`
    SELECT seq, id, name, aggregate, "aggregateId", payload, actor, "actorId", "occurredAt"
    FROM events WHERE seq > ${seq} ORDER BY seq LIMIT ${limit}`)
}

/** Where the orders of these tenants end. */
export function listHeads(
  database: Pick<Database, 'acrossTenants'>,
  tenantIds: string[],
): Promise<{ tenantId: string; seq: number }[]> {
  return database.acrossTenants('where the events of tenants end that have streams here', (tx) =>
    tx.query(sql`SELECT "tenantId", seq FROM event_heads WHERE "tenantId" = ANY (${tenantIds})`),
  )
}

export interface Due {
  subscriber: string
  eventId: string
}

/**
 * Takes the next of what waits for each of the events' subscribers and aggregates, where nothing of the same is under way,
 * and answers it: each needs a job. The tenant's order must be locked.
 */
export function takeDue(tx: Tx, eventIds: string[]): Promise<Due[]> {
  return tx.query<Due>(sql`
    UPDATE event_deliveries due SET state = 'queued'
    FROM (
      SELECT DISTINCT ON (one.subscriber, one.aggregate, one."aggregateId") one.subscriber, one."eventId"
      FROM event_deliveries one
      WHERE one.state <> 'dead' AND (one.aggregate, one."aggregateId") IN (
        SELECT aggregate, "aggregateId" FROM events WHERE id = ANY (${eventIds}))
      ORDER BY one.subscriber, one.aggregate, one."aggregateId", one.state, one.seq
    ) first
    WHERE due.subscriber = first.subscriber AND due."eventId" = first."eventId" AND due.state = 'waiting'
    RETURNING due.subscriber, due."eventId"`)
}

export interface OwedRow extends EventRow {
  doneAt: Date | null
}

/** The event that a subscriber is owed; undefined when it is done with. */
export function findOwed(db: Executor, { subscriber, eventId }: Due): Promise<OwedRow | undefined> {
  return db.one<OwedRow>(sql`
    SELECT event.seq, event.id, event.name, event.aggregate, event."aggregateId", event.payload, event.actor,
      event."actorId", event."occurredAt", owed."doneAt"
    FROM event_deliveries owed
    JOIN events event ON event."tenantId" = owed."tenantId" AND event.id = owed."eventId"
    WHERE owed.subscriber = ${subscriber} AND owed."eventId" = ${eventId}`)
}

/** Marks the effect as done in its own transaction; false when it was done before. */
export async function markDone(tx: Tx, { subscriber, eventId }: Due): Promise<boolean> {
  const done = await tx.run(sql`
    UPDATE event_deliveries SET "doneAt" = now()
    WHERE subscriber = ${subscriber} AND "eventId" = ${eventId} AND "doneAt" IS NULL`)
  return done === 1
}

/** Locks the tenant's order until the transaction ends. */
export async function lockOrder(tx: Tx): Promise<void> {
  await tx.run(sql`SELECT 1 FROM event_heads FOR UPDATE`)
}

export async function settle(tx: Tx, { subscriber, eventId }: Due): Promise<void> {
  await tx.run(sql`DELETE FROM event_deliveries WHERE subscriber = ${subscriber} AND "eventId" = ${eventId}`)
}

export async function bury(tx: Tx, { subscriber, eventId }: Due): Promise<void> {
  await tx.run(sql`
    UPDATE event_deliveries SET state = 'dead' WHERE subscriber = ${subscriber} AND "eventId" = ${eventId}`)
}

/** Gives one that was given up a job again; false when it is forgotten. */
export async function revive(tx: Tx, { subscriber, eventId }: Due): Promise<boolean> {
  const revived = await tx.run(sql`
    UPDATE event_deliveries SET state = 'queued'
    WHERE subscriber = ${subscriber} AND "eventId" = ${eventId} AND state <> 'waiting'`)
  return revived === 1
}

/** The tenants that have events older than that. */
export function listForgetful(
  database: Pick<Database, 'acrossTenants'>,
  days: number,
): Promise<{ tenantId: string }[]> {
  return database.acrossTenants('the tenants with events past their time', (tx) =>
    tx.query(sql`
      SELECT "tenantId" FROM event_heads head
      WHERE EXISTS (SELECT FROM events WHERE "tenantId" = head."tenantId" AND "occurredAt" < now() - make_interval(days => ${days}))`),
  )
}

/**
 * Forgets at most so many events past their time, oldest first, and answers how many. What comes after one that is still
 * owed stays: what is kept has no holes, so that a stream knows whether it missed something.
 */
export function forget(db: Executor, days: number, limit: number): Promise<number> {
  return db.run(sql`
    DELETE FROM events WHERE ("tenantId", id) IN (
      SELECT "tenantId", id FROM events
      WHERE seq < COALESCE(LEAST(
        (SELECT min(seq) FROM events WHERE "occurredAt" >= now() - make_interval(days => ${days})),
        (SELECT min(seq) FROM event_deliveries WHERE state <> 'dead')
      ), 9223372036854775807)
      ORDER BY seq LIMIT ${limit})`)
}

/** Events that wait for one of these subscribers although nothing of their aggregate is under way, by tenant. */
export function listStranded(
  database: Pick<Database, 'acrossTenants'>,
  subscribers: string[],
): Promise<{ tenantId: string; eventIds: string[] }[]> {
  return database.acrossTenants('events that wait without a job', (tx) =>
    tx.query(sql`
      SELECT "tenantId", array_agg("eventId") AS "eventIds" FROM event_deliveries one
      WHERE state = 'waiting' AND subscriber = ANY (${subscribers}) AND NOT EXISTS (
        SELECT FROM event_deliveries other
        WHERE other."tenantId" = one."tenantId" AND other.subscriber = one.subscriber AND other.state = 'queued'
          AND other.aggregate = one.aggregate AND other."aggregateId" = one."aggregateId")
      GROUP BY "tenantId"`),
  )
}
