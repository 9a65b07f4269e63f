// The SQL of answers and of their chunks. Who writes one holds it by a lease; whoever ends it ends it once.
import type { PagePlace, Placed } from '../../../core/page.ts'
import {
  bounds,
  countUpTo,
  type Database,
  type Executor,
  ordering,
  sql,
  type Tx,
  where,
} from '../../../drivers/database/index.ts'
import type { AiAnswerRow, AiChunkRow } from './ai.tables.ts'

export type Answer = Omit<AiAnswerRow, 'tenantId' | 'day' | 'runner' | 'leaseUntil' | 'reserved' | 'userId'>
export type Chunk = Pick<AiChunkRow, 'number' | 'kind' | 'text' | 'data' | 'tokens'>

const COLUMNS = sql`a.id, a."conversationId", a.number, a.question, a.content, a.state, a.reason, a.provider, a.model, a.citations,
  a."inputTokens", a."outputTokens", a."firstTokenMs", a."totalMs", a.knowledge, a.tools, a."replaces", a."replacedAt", a."createdAt", a."finishedAt"`
const ORDER = ordering({ column: sql`a."createdAt"`, type: 'timestamptz' }, sql`a.id`, 'desc')

/** How long the process that writes an answer is believed to be alive. */
const LEASE_SECONDS = 6
const LEASE = sql`now() + make_interval(secs => ${LEASE_SECONDS})`
/** A crash of the database may take the last pieces with it: what they cost to keep is not worth a flush each. */
const WITHOUT_FLUSH = sql`set_config('synchronous_commit', 'off', true)`

export interface NewAnswer
  extends Pick<
    AiAnswerRow,
    | 'id'
    | 'conversationId'
    | 'userId'
    | 'question'
    | 'provider'
    | 'model'
    | 'inputTokens'
    | 'reserved'
    | 'day'
    | 'knowledge'
    | 'tools'
    | 'replaces'
  > {
  citations: readonly string[]
  runner: string
  /** Of the conversation that begins with it; undefined where the transaction has locked one. */
  title: string | undefined
}

/** Writes it with its number, with the conversation where that begins, and sets its tokens aside, in rows that are locked: one statement. */
export async function insert(tx: Tx, one: NewAnswer): Promise<void> {
  const {
    id,
    conversationId,
    userId,
    question,
    provider,
    model,
    citations,
    inputTokens,
    reserved,
    day,
    runner,
    title,
    knowledge,
    tools,
    replaces,
  } = one
  const numbered =
    title === undefined
      ? sql`UPDATE ai_conversations SET "lastNumber" = "lastNumber" + 1, "updatedAt" = now() WHERE id = ${conversationId}`
      : sql`INSERT INTO ai_conversations (id, "userId", title, "lastNumber") VALUES (${conversationId}, ${userId}, ${title}, 1)`
  await tx.run(sql`
    WITH numbered AS (${numbered} RETURNING "lastNumber"),
    aside AS (
      UPDATE ai_usage SET reserved = reserved + ${reserved} WHERE day = ${day}::date AND "userId" IN ('', ${userId}))
    INSERT INTO ai_answers (id, "conversationId", "userId", number, question, provider, model, citations, "inputTokens", reserved,
      day, runner, "leaseUntil", knowledge, tools, "replaces")
    SELECT ${id}, ${conversationId}, ${userId}, "lastNumber", ${question}, ${provider}, ${model}, ${JSON.stringify(citations)}::jsonb,
      ${inputTokens}, ${reserved}, ${day}::date, ${runner}, ${LEASE}, ${knowledge}::boolean, ${tools}::boolean, ${replaces}::text
    FROM numbered`)
}

/** What is being written for somebody. */
export function listRunning(
  db: Executor,
  userId: string,
): Promise<{ id: string; conversationId: string; dead: boolean }[]> {
  return db.query(sql`
    SELECT id, "conversationId", "leaseUntil" < now() AS dead FROM ai_answers WHERE state = 'running' AND "userId" = ${userId}`)
}

export function find(db: Executor, id: string, userId: string): Promise<(Answer & { dead: boolean }) | undefined> {
  return db.one(sql`
    SELECT ${COLUMNS}, COALESCE(a."leaseUntil" < now(), false) AS dead FROM ai_answers a
    WHERE a.id = ${id} AND a."userId" = ${userId}`)
}

/** An answer that is to take the place of another does not count before it has. */
const COUNTS = sql`a."replacedAt" IS NULL AND (a."replaces" IS NULL OR a.state <> 'running')`

/** What was said before, the latest first. */
export function latest(db: Executor, conversationId: string, most: number): Promise<Answer[]> {
  return db.query<Answer>(sql`
    SELECT ${COLUMNS} FROM ai_answers a WHERE a."conversationId" = ${conversationId} AND ${COUNTS}
    ORDER BY a.number DESC LIMIT ${most}`)
}

/**
 * Decides which of two answers to the same question counts when the later one has ended: that one if it has a text, but no broken
 * text counts before a whole one.
 */
export async function takePlace(tx: Tx, id: string, replaces: string): Promise<void> {
  await tx.run(sql`
    WITH decided AS (
      SELECT CASE WHEN b.content <> '' AND (b.state IN ('done', 'stopped') OR a.state NOT IN ('done', 'stopped') OR a.content = '')
        THEN a.id ELSE b.id END AS gone
      FROM ai_answers a JOIN ai_answers b ON b.id = ${id} WHERE a.id = ${replaces})
    UPDATE ai_answers SET "replacedAt" = now() WHERE id = (SELECT gone FROM decided)`)
}

const OF = (userId: string, conversationId: string | undefined) => [
  sql`a."userId" = ${userId}`,
  COUNTS,
  conversationId !== undefined && sql`a."conversationId" = ${conversationId}`,
]

/** One page of one's questions and answers, the latest first. */
export function list(db: Executor, userId: string, conversationId: string | undefined, place: PagePlace) {
  return db.query<Answer & Placed>(sql`
    SELECT ${COLUMNS}, ${ORDER.place} FROM ai_answers a ${where([...OF(userId, conversationId), ORDER.past(place.after)])}
    ${ORDER.by} ${bounds(place)}`)
}

export function count(db: Executor, userId: string, conversationId: string | undefined): Promise<number> {
  return countUpTo(db, sql`FROM ai_answers a ${where(OF(userId, conversationId))}`)
}

/** Appends pieces; false where the answer is not this process's any more: it was ended, or is gone. */
export async function append(
  db: Executor,
  answerId: string,
  runner: string,
  chunks: readonly Chunk[],
): Promise<boolean> {
  const column = <K extends keyof Chunk>(key: K) => chunks.map((chunk) => chunk[key])
  const data = column('data').map((one) => (one === null ? null : JSON.stringify(one)))
  const rows = await db.query(sql`
    WITH held AS (SELECT id FROM ai_answers WHERE id = ${answerId} AND runner = ${runner} FOR SHARE)
    INSERT INTO ai_chunks ("answerId", number, kind, text, data, tokens)
    SELECT held.id, c.number, c.kind, c.text, c.data::jsonb, c.tokens
    FROM held, unnest(${column('number')}::int[], ${column('kind')}::text[], ${column('text')}::text[], ${data}::text[],
      ${column('tokens')}::int[]) AS c (number, kind, text, data, tokens)
    RETURNING ${WITHOUT_FLUSH}`)
  return rows.length > 0
}

/** Pieces after a place, in order. */
export function chunksAfter(db: Executor, answerId: string, after: number, most: number): Promise<Chunk[]> {
  return db.query<Chunk>(sql`
    SELECT number, kind, text, data, tokens FROM ai_chunks
    WHERE "answerId" = ${answerId} AND number > ${after} ORDER BY number LIMIT ${most}`)
}

export interface Held
  extends Pick<
    AiAnswerRow,
    'id' | 'userId' | 'conversationId' | 'reserved' | 'inputTokens' | 'runner' | 'day' | 'replaces'
  > {
  dead: boolean
}

/** An answer that is being written, locked so that nobody adds to it or ends it. */
export function hold(tx: Tx, id: string): Promise<Held | undefined> {
  return tx.one<Held>(sql`
    SELECT id, "userId", "conversationId", reserved, "inputTokens", runner, "replaces", day::text AS day, "leaseUntil" < now() AS dead
    FROM ai_answers WHERE id = ${id} AND state = 'running' FOR UPDATE`)
}

export interface Ending extends Pick<AiAnswerRow, 'state' | 'reason'> {
  /** Undefined: what was estimated stands. */
  inputTokens?: number | undefined
  /** Undefined: what its pieces say. */
  outputTokens?: number | undefined
  firstTokenMs?: number | undefined
  /** Undefined: since it began. */
  totalMs?: number | undefined
  /** The ids of documents beside those that it began with. */
  citations?: readonly string[]
}

export interface Ended {
  inputTokens: number
  outputTokens: number
  lastNumber: number
}

/** Puts the pieces of a held answer together and ends it. */
export async function end(tx: Tx, id: string, { state, reason, ...told }: Ending): Promise<Ended> {
  const { inputTokens = null, outputTokens = null, firstTokenMs = null, totalMs = null, citations = [] } = told
  const row = await tx.one<Ended>(sql`
    UPDATE ai_answers a SET state = ${state}, reason = ${reason}, content = whole.text, runner = NULL, "leaseUntil" = NULL,
      reserved = 0, citations = a.citations || ${JSON.stringify(citations)}::jsonb, "inputTokens" = COALESCE(${inputTokens}::int, a."inputTokens"),
      "outputTokens" = COALESCE(${outputTokens}::int, whole.tokens), "firstTokenMs" = ${firstTokenMs}::int,
      "totalMs" = COALESCE(${totalMs}::int, (extract(epoch FROM clock_timestamp() - a."createdAt") * 1000)::int), "finishedAt" = clock_timestamp()
    FROM (
      SELECT COALESCE(string_agg(text, '' ORDER BY number), '') AS text, COALESCE(max(tokens), 0) AS tokens,
        COALESCE(max(number), 0) AS last
      FROM ai_chunks WHERE "answerId" = ${id}) whole
    WHERE a.id = ${id} RETURNING a."inputTokens", a."outputTokens", whole.last AS "lastNumber"`)
  return row!
}

/** The last piece of an answer: that it ended. */
export async function appendLast(
  tx: Tx,
  answerId: string,
  { number, kind, data, tokens }: Omit<Chunk, 'text'>,
): Promise<void> {
  await tx.run(sql`
    INSERT INTO ai_chunks ("answerId", number, kind, data, tokens)
    VALUES (${answerId}, ${number}, ${kind}, ${JSON.stringify(data)}::jsonb, ${tokens})`)
}

/** Sets more aside for an answer that goes on. */
export async function addReserved(tx: Tx, id: string, tokens: number): Promise<void> {
  await tx.run(
    sql`UPDATE ai_answers SET reserved = reserved + ${tokens}, "inputTokens" = "inputTokens" + ${tokens} WHERE id = ${id}`,
  )
}

/** Renews the leases of a process; answers of which it still has one. */
export async function renew(
  database: Pick<Database, 'acrossTenants'>,
  ids: readonly string[],
  runner: string,
): Promise<Set<string>> {
  const rows = await database.acrossTenants('leases of answers that this process writes', (tx) =>
    tx.query<{ id: string }>(sql`
      UPDATE ai_answers SET "leaseUntil" = ${LEASE} WHERE id = ANY (${ids}::text[]) AND runner = ${runner}
      RETURNING id, ${WITHOUT_FLUSH}`),
  )
  return new Set(rows.map(({ id }) => id))
}

/** Answers whose process is dead. */
export function listDead(database: Pick<Database, 'acrossTenants'>): Promise<{ id: string; tenantId: string }[]> {
  return database.acrossTenants('answers of language models whose process is dead', (tx) =>
    tx.query<{ id: string; tenantId: string }>(sql`
      SELECT id, "tenantId" FROM ai_answers WHERE state = 'running' AND "leaseUntil" < now() LIMIT 1000`),
  )
}

/** Removes the pieces of answers that ended a day ago, whose text stands in their rows, and the counts of long ago. */
export function tidy(database: Pick<Database, 'acrossTenants'>, batch: number): Promise<number> {
  return database.acrossTenants('pieces of answers that nobody follows any more', async (tx) => {
    await tx.run(sql`DELETE FROM ai_usage WHERE day < (now() AT TIME ZONE 'UTC')::date - 400`)
    return tx.run(sql`
      DELETE FROM ai_chunks WHERE ("tenantId", "answerId", number) IN (
        SELECT c."tenantId", c."answerId", c.number FROM ai_chunks c
        JOIN ai_answers a ON a."tenantId" = c."tenantId" AND a.id = c."answerId"
        WHERE a."finishedAt" < now() - interval '1 day' LIMIT ${batch})`)
  })
}
