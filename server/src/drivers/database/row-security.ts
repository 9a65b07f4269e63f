// Roles, policies and grants: the one place that protects tenants from each other inside PostgreSQL.
import { readFile } from 'node:fs/promises'
import type { ClientBase } from 'pg'
import { prepareRoles, type RoleOptions, roleNames } from './roles.ts'
import { exemptTables } from './row-security.exemptions.ts'

export interface RowSecurityOptions extends RoleOptions {
  /** False only on a database that HaloLight's other back end shares: it works as the owner, which then sees all tenants. */
  forced: boolean
  /** Schemas of tools that work as the application, such as the job queue's. */
  otherSchemas?: readonly string[]
}

/** Makes the roles, then puts policies and grants right. Idempotent; needs the owner's connection, outside a transaction. */
export async function applyRowSecurity(client: ClientBase, options: RowSecurityOptions): Promise<void> {
  await prepareRoles(client, options)
  await client.query('BEGIN')
  try {
    await applyPolicies(client, options)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  }
}

/** The part of `applyRowSecurity` that runs inside a migration's own transaction: the roles must exist. */
export async function applyPolicies(client: ClientBase, options: RowSecurityOptions): Promise<void> {
  const names = roleNames(options.rolePrefix)
  const script = await readFile(new URL('../../../migrations/after-each.sql', import.meta.url), 'utf8')
  const settings = {
    app_role: names.app,
    across_role: names.across,
    forced: String(options.forced),
    exempt_tables: Object.keys(exemptTables).join(','),
    other_schemas: (options.otherSchemas ?? []).join(','),
  }
  for (const [name, value] of Object.entries(settings)) {
    await client.query('SELECT set_config($1, $2, true)', [`ashlar.${name}`, value])
  }
  await client.query(script)
}
