// Messages of committed transactions that Redis has not taken yet.
import { type Database, type Executor, sql, type Tx } from '../database/index.ts'

const AT_ONCE = 100

export async function add(tx: Tx, id: string, envelope: string): Promise<void> {
  await tx.run(sql`INSERT INTO bus_outbox (id, envelope) VALUES (${id}, ${envelope})`)
}

export async function remove(db: Executor, ids: string[]): Promise<void> {
  await db.run(sql`DELETE FROM bus_outbox WHERE id = ANY (${ids})`)
}

/** Tells what nobody has removed within a second: its process died, or Redis was away. Some messages are told twice. */
export async function sweep(
  database: Pick<Database, 'global' | 'inGlobal'>,
  tell: (envelope: string) => Promise<unknown>,
): Promise<void> {
  if (
    !(await database.global.one(sql`SELECT 1 FROM bus_outbox WHERE "createdAt" < now() - interval '1 second' LIMIT 1`))
  )
    return
  await database.inGlobal(async (tx) => {
    const rows = await tx.query<{ id: string; envelope: string }>(sql`
      SELECT id, envelope FROM bus_outbox WHERE "createdAt" < now() - interval '1 second'
      ORDER BY "createdAt" LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED`)
    for (const { envelope } of rows) await tell(envelope)
    await remove(
      tx,
      rows.map(({ id }) => id),
    )
  })
}
