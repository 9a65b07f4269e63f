// The SQL of tenants' settings.
import { atVersion, type Executor, sql } from '../../../drivers/database/index.ts'
import { settingsFrom, type TenantSettings } from './settings.schema.ts'

export interface SettingsRow {
  settings: TenantSettings
  updatedAt: Date
  /** PostgreSQL's time. */
  now: Date
}

/** The settings of the handle's tenant. A default role that is gone counts as none. */
export async function find(db: Executor): Promise<SettingsRow | undefined> {
  const row = await db.one<{ stored: Partial<TenantSettings>; roleId: string | null; updatedAt: Date; now: Date }>(sql`
    SELECT t.settings AS stored, r.id AS "roleId", t."updatedAt", now() AS now
    FROM tenants t LEFT JOIN roles r ON r.id = t.settings ->> 'defaultRole'
    WHERE t.id = current_setting('app.tenant_id', true)`)
  if (!row) return undefined
  return { settings: settingsFrom({ ...row.stored, defaultRole: row.roleId }), updatedAt: row.updatedAt, now: row.now }
}

/** Writes the settings; false when the tenant's version is not the expected one any more. */
export async function write(db: Executor, settings: TenantSettings, version: number | undefined): Promise<boolean> {
  const written = await db.run(sql`
    UPDATE tenants SET settings = ${JSON.stringify(settings)}::jsonb, "updatedAt" = now()
    WHERE id = current_setting('app.tenant_id', true)
      ${atVersion(version)}`)
  return written > 0
}

/** The name of the tenant's own default role, if it has one. */
export async function findDefaultRole(db: Executor): Promise<string | undefined> {
  const row = await db.one<{ name: string }>(sql`
    SELECT r.name FROM tenants t JOIN roles r ON r.id = t.settings ->> 'defaultRole'
    WHERE t.id = current_setting('app.tenant_id', true)`)
  return row?.name
}

/** Whether a user's home tenant accepts no addresses of this domain. */
export async function isRefusedAtHome(db: Executor, userId: string, domain: string): Promise<boolean> {
  const row = await db.one(sql`
    SELECT 1 FROM users u JOIN tenants t ON t.id = u."homeTenantId"
    WHERE u.id = ${userId} AND t."deletedAt" IS NULL
      AND jsonb_array_length(COALESCE(t.settings -> 'allowedMailDomains', '[]')) > 0
      AND NOT t.settings -> 'allowedMailDomains' ? ${domain} LIMIT 1`)
  return row !== undefined
}
