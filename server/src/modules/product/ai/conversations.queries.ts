// The SQL of conversations: everybody sees their own.
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
import type { AiConversationRow } from './ai.tables.ts'

export type Conversation = Omit<AiConversationRow, 'tenantId' | 'userId'>

const COLUMNS = sql`c.id, c.title, c."lastNumber", c."createdAt", c."updatedAt"`
const ORDER = ordering({ column: sql`c."updatedAt"`, type: 'timestamptz' }, sql`c.id`, 'desc')

const OF = (userId: string, search: string | undefined) => [
  sql`c."userId" = ${userId}`,
  search !== undefined && search !== '' && sql`strpos(lower(c.title), lower(${search})) > 0`,
]

export function list(db: Executor, userId: string, search: string | undefined, place: PagePlace) {
  return db.query<Conversation & Placed>(sql`
    SELECT ${COLUMNS}, ${ORDER.place} FROM ai_conversations c ${where([...OF(userId, search), ORDER.past(place.after)])}
    ${ORDER.by} ${bounds(place)}`)
}

export function count(db: Executor, userId: string, search: string | undefined): Promise<number> {
  return countUpTo(db, sql`FROM ai_conversations c ${where(OF(userId, search))}`)
}

export function find(db: Executor, id: string, userId: string): Promise<Conversation | undefined> {
  return db.one<Conversation>(
    sql`SELECT ${COLUMNS} FROM ai_conversations c WHERE c.id = ${id} AND c."userId" = ${userId}`,
  )
}

/** The same, and nobody else writes into it until the transaction ends. */
export function lock(tx: Tx, id: string, userId: string): Promise<Conversation | undefined> {
  return tx.one<Conversation>(
    sql`SELECT ${COLUMNS} FROM ai_conversations c WHERE c.id = ${id} AND c."userId" = ${userId} FOR UPDATE`,
  )
}

export async function insert(tx: Tx, { id, userId, title }: Pick<AiConversationRow, 'id' | 'userId' | 'title'>) {
  await tx.run(sql`INSERT INTO ai_conversations (id, "userId", title) VALUES (${id}, ${userId}, ${title})`)
}

export async function rename(tx: Tx, id: string, title: string): Promise<void> {
  await tx.run(sql`UPDATE ai_conversations SET title = ${title} WHERE id = ${id}`)
}

/** Removes one's conversations, or the one of that id; answers their ids. */
export async function remove(tx: Tx, userId: string, id?: string): Promise<string[]> {
  const only = id === undefined ? sql`true` : sql`id = ${id}`
  const rows = await tx.query<{ id: string }>(
    sql`DELETE FROM ai_conversations WHERE "userId" = ${userId} AND ${only} RETURNING id`,
  )
  return rows.map((row) => row.id)
}

/** Removes what was not used for longer than it is kept, by the installation's rule and each tenant's own. */
export function forget(database: Pick<Database, 'acrossTenants'>, seconds: number, batch: number): Promise<number> {
  const kept = sql`LEAST(${seconds === 0 ? null : seconds}::float8, s."retentionDays" * 86400.0)`
  return database.acrossTenants('conversations with language models that are not kept any longer', (tx) =>
    tx.run(sql`
      DELETE FROM ai_conversations WHERE id IN (
        SELECT c.id FROM ai_conversations c LEFT JOIN ai_settings s ON s."tenantId" = c."tenantId"
        WHERE c."updatedAt" < now() - make_interval(secs => ${kept}) LIMIT ${batch})`),
  )
}
