// The SQL of idempotency keys: claimed by one request, marked in the transaction of its change, kept with its answer.
import { type Executor, sql, type Tx } from '../database/index.ts'

/** Whose key it is, in the tenant of the handle. */
export interface KeyOwner {
  actor: string
  key: string
}

export interface KeyRow {
  requestHash: string
  claim: string
  answer: string | null
  /**
   * - `running`: its request is under way, as far as anybody knows
   * - `answered`: done, and the answer is kept
   * - `lost`: done, and its answer was never kept
   * - `free`: too old, or its request died before it did anything
   */
  state: 'running' | 'answered' | 'lost' | 'free'
}

const KEPT = sql`interval '24 hours'`
/** No request lives longer: what is pending for this long has lost its process. */
const LEASE = sql`interval '1 minute'`

const FREE = sql`("createdAt" < now() - ${KEPT} OR (answer IS NULL AND "committedAt" IS NULL AND "createdAt" < now() - ${LEASE}))`

const mine = ({ actor, key }: KeyOwner) => sql`actor = ${actor} AND key = ${key}`

/** Makes the key this request's; false when it stands already. */
export async function claim(db: Executor, owner: KeyOwner, name: string, requestHash: string): Promise<boolean> {
  const made = await db.run(sql`
    INSERT INTO idempotency_keys (actor, key, "requestHash", claim) VALUES (${owner.actor}, ${owner.key}, ${requestHash}, ${name})
    ON CONFLICT DO NOTHING`)
  return made > 0
}

export function find(db: Executor, owner: KeyOwner): Promise<KeyRow | undefined> {
  return db.one<KeyRow>(sql`
    SELECT "requestHash", claim, answer, CASE
      WHEN ${FREE} THEN 'free'
      WHEN answer IS NOT NULL THEN 'answered'
      WHEN "createdAt" >= now() - ${LEASE} THEN 'running'
      ELSE 'lost' END AS state
    FROM idempotency_keys WHERE ${mine(owner)}`)
}

/** Makes a free key this request's; false when somebody else was faster. */
export async function takeOver(db: Executor, owner: KeyOwner, name: string, requestHash: string): Promise<boolean> {
  const taken = await db.run(sql`
    UPDATE idempotency_keys SET claim = ${name}, "requestHash" = ${requestHash}, "createdAt" = now(), "committedAt" = NULL, answer = NULL
    WHERE ${mine(owner)} AND ${FREE}`)
  return taken > 0
}

/** Marks the key in the transaction of the change; false when the key is not this request's any more. */
export async function markCommitted(tx: Tx, tenantId: string, owner: KeyOwner, name: string): Promise<boolean> {
  const elsewhere = tx.tenantId !== tenantId
  // A change in another tenant or in none: the key's row shows in its own tenant only.
  if (elsewhere) await tx.run(sql`SELECT set_config('app.tenant_id', ${tenantId}, true)`)
  const marked = await tx.run(
    sql`UPDATE idempotency_keys SET "committedAt" = now() WHERE "tenantId" = ${tenantId} AND ${mine(owner)} AND claim = ${name}`,
  )
  if (elsewhere) await tx.run(sql`SELECT set_config('app.tenant_id', ${tx.tenantId ?? ''}, true)`)
  return marked > 0
}

export async function keepAnswer(db: Executor, owner: KeyOwner, name: string, answer: string): Promise<void> {
  await db.run(sql`UPDATE idempotency_keys SET answer = ${answer} WHERE ${mine(owner)} AND claim = ${name}`)
}

/** Gives the key back, unless something was committed under it. */
export async function release(db: Executor, owner: KeyOwner, name: string): Promise<void> {
  await db.run(
    sql`DELETE FROM idempotency_keys WHERE ${mine(owner)} AND claim = ${name} AND "committedAt" IS NULL AND answer IS NULL`,
  )
}

/** Deletes up to `limit` keys that are not kept any more, in every tenant; answers how many went. */
export function sweep(tx: Tx, limit: number): Promise<number> {
  return tx.run(sql`
    DELETE FROM idempotency_keys WHERE ("tenantId", actor, key) IN (
      SELECT "tenantId", actor, key FROM idempotency_keys WHERE "createdAt" < now() - ${KEPT} ORDER BY "createdAt" LIMIT ${limit})`)
}
