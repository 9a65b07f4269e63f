// Columns that many tables declare alike, so that they cannot drift apart.
import { sql } from 'drizzle-orm'
import { type AnyPgColumn, pgTable, text, timestamp } from 'drizzle-orm/pg-core'

/**
 * The key of another module's table, to refer to. Modules import one another's `index.ts` only, and a declaration needs no
 * more than the name: whether the key is there is seen when the declarations are compared with a database.
 */
export function idOf(table: string): () => AnyPgColumn {
  return () => pgTable(table, { id: text().primaryKey() }).id
}

/** The same key together with its tenant. */
export function keyOf(table: string, ...columns: string[]): [AnyPgColumn, AnyPgColumn] {
  const [tenant = 'tenantId', key = 'id'] = columns
  const declared = pgTable(table, { [tenant]: text().notNull(), [key]: text().notNull() })
  return [declared[tenant]!, declared[key]!]
}

/** The tenant a row belongs to: by default the one that is set, and `default` for what another back end writes. */
export const tenantId = () =>
  text()
    .notNull()
    .default(sql`COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default')`)
    .references(idOf('tenants'), { onDelete: 'cascade', onUpdate: 'cascade' })

/** The same without a reference of its own, for tables whose other keys include the tenant. */
export const tenantIdOfKey = () =>
  text().notNull().default(sql`COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default')`)

/** A tenant that is named and not inherited from the setting. */
export const namedTenantId = () => text().references(idOf('tenants'), { onDelete: 'cascade', onUpdate: 'cascade' })

/** A moment as the shared tables keep it: UTC, milliseconds, no zone. */
export const utc = () => timestamp({ precision: 3, mode: 'date' })

/** A moment as our own tables keep it. */
export const moment = () => timestamp({ withTimezone: true, mode: 'date' })

/** When a shared row was made. */
export const utcNow = () => utc().notNull().default(sql`CURRENT_TIMESTAMP`)

/** When one of our own rows was made. */
export const momentNow = () => moment().notNull().default(sql`now()`)

/** What every reference between the tables does. */
export const cascade = { onDelete: 'cascade', onUpdate: 'cascade' } as const
export const setNull = { onDelete: 'set null', onUpdate: 'cascade' } as const
