// Which tenants there are, for work that is done in each of them.
import type { Executor } from './database.ts'
import { sql } from './sql.ts'

/** The ids of every tenant, deleted ones included. */
export async function tenantIds(db: Executor): Promise<string[]> {
  const rows = await db.query<{ id: string }>(sql`SELECT id FROM tenants ORDER BY id`)
  return rows.map(({ id }) => id)
}
