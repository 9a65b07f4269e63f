// Columns that many tables declare alike, so that they cannot drift apart.
import { sql } from 'drizzle-orm'
import { pgTable, text, timestamp } from 'drizzle-orm/pg-core'

// Only the key that everything refers to: the table is declared by its module, which stands above the drivers.
const tenants = pgTable('tenants', { id: text().primaryKey() })

/** The tenant a row belongs to: by default the one that is set, and `default` for what another back end writes. */
export const tenantId = () =>
  text()
    .notNull()
    .default(sql`COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default')`)
    .references(() => tenants.id, { onDelete: 'cascade', onUpdate: 'cascade' })

/** The same without a reference of its own, for tables whose other keys include the tenant. */
export const tenantIdOfKey = () =>
  text().notNull().default(sql`COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default')`)

/** A tenant that is named and not inherited from the setting. */
export const namedTenantId = () => text().references(() => tenants.id, { onDelete: 'cascade', onUpdate: 'cascade' })

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
