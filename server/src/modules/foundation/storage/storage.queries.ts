// The SQL of the storages that tenants bring.
import { type Executor, sql } from '../../../drivers/database/index.ts'
import type { StorageRow } from './storage.tables.ts'

export type Storage = Omit<StorageRow, 'tenantId' | 'current' | 'createdById'>

const COLUMNS = sql`id, provider, settings, sealed, "createdAt"`

/** The one to which new files go; undefined for the installation's own. */
export function current(db: Executor): Promise<Storage | undefined> {
  return db.one<Storage>(sql`SELECT ${COLUMNS} FROM storages WHERE current`)
}

/** All that the tenant brought, the former ones too. */
export function all(db: Executor): Promise<Storage[]> {
  return db.query<Storage>(sql`SELECT ${COLUMNS} FROM storages ORDER BY id`)
}

export function find(db: Executor, id: string): Promise<Storage | undefined> {
  return db.one<Storage>(sql`SELECT ${COLUMNS} FROM storages WHERE id = ${id}`)
}

/** Makes changes of the handle's tenant's storage wait for each other, until the transaction ends. */
export async function lock(db: Executor): Promise<void> {
  await db.query(sql`SELECT id FROM tenants WHERE id = current_setting('app.tenant_id', true) FOR NO KEY UPDATE`)
}

/** From now on new files go to the installation's own. */
export function retire(db: Executor): Promise<number> {
  return db.run(sql`UPDATE storages SET current = false WHERE current`)
}

export function insert(
  db: Executor,
  { id, provider, settings, sealed }: Pick<Storage, 'id' | 'provider' | 'settings' | 'sealed'>,
  createdById: string,
): Promise<number> {
  return db.run(sql`
    INSERT INTO storages (id, provider, settings, sealed, "createdById")
    VALUES (${id}, ${provider}, ${JSON.stringify(settings)}::jsonb, ${sealed}, ${createdById})`)
}
