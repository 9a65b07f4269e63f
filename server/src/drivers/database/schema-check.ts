// Whether a migrated database is what the code declares: tables, columns, keys, indexes, policies, and the catalogue lints.
import type { ClientBase } from 'pg'
import { compareWithScript, differences } from './catalogue.ts'
import { scriptOf, tablesOf } from './declared.ts'
import { runLints } from './lints.ts'
import { roleNames } from './roles.ts'
import { exemptTables } from './row-security.exemptions.ts'
import type { RowSecurityOptions } from './row-security.ts'

/**
 * Compares the database with the declarations (the exports of the `*.tables.ts` modules) and runs the lints. Answers every
 * difference as a sentence; an empty list means none. Needs the owner's connection; changes nothing.
 */
export async function checkSchema(
  client: ClientBase,
  modules: readonly Record<string, unknown>[],
  options: RowSecurityOptions,
): Promise<string[]> {
  const tables = tablesOf(modules)
  const { expected, actual } = await compareWithScript(client, scriptOf(tables))
  const undeclared = [...actual.values()]
    .filter(
      (entry) =>
        entry.kind === 'table' && !expected.has(`table ${entry.name}.${entry.name}`) && !(entry.name in exemptTables),
    )
    .map((entry) => `The table ${entry.name} is not declared.`)
  const lints = await runLints(client, options)
  return [
    ...differences(expected, actual, { extras: true }),
    ...undeclared,
    ...(await policyDifferences(client, options)),
    ...lints.flat(),
  ]
}

interface PolicyRow {
  table: string
  enabled: boolean
  forced: boolean
  policies: string[]
}

/** Only what keeps tenants apart, as sentences: policies, rights and the catalogue lints. */
export async function checkSeparation(client: ClientBase, options: RowSecurityOptions): Promise<string[]> {
  return [...(await policyDifferences(client, options)), ...(await runLints(client, options)).flat()]
}

// Three policies on each table of tenants and none on any other: one more, being permissive, would let more rows through.
async function policyDifferences(client: ClientBase, options: RowSecurityOptions): Promise<string[]> {
  const { rows } = await client.query<PolicyRow>(
    `SELECT class.relname AS "table", class.relrowsecurity AS enabled, class.relforcerowsecurity AS forced,
       ARRAY(
         SELECT format('%s to %s using %s check %s', polname,
           (SELECT string_agg(CASE role WHEN 0 THEN 'public' WHEN class.relowner THEN 'owner' ELSE role::regrole::text END, ', ') FROM unnest(polroles) role),
           pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
         FROM pg_policy WHERE polrelid = class.oid ORDER BY polname
       ) AS policies
     FROM pg_class class
     WHERE class.relkind IN ('r', 'p') AND class.relnamespace = current_schema()::regnamespace AND class.relname <> ALL ($1)
       AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = class.oid AND attname = 'tenantId' AND NOT attisdropped)
     ORDER BY class.relname`,
    [Object.keys(exemptTables)],
  )
  const tenant = `("tenantId" = current_setting('app.tenant_id'::text, true))`
  const maintenance = `(current_setting('app.maintenance'::text, true) = 'on'::text)`
  const wanted = [
    `across to ${roleNames(options.rolePrefix).across} using true check true`,
    `maintenance to owner using ${maintenance} check ${maintenance}`,
    `tenant to public using ${tenant} check ${tenant}`,
  ]
  return rows.flatMap((row) => [
    ...(row.enabled ? [] : [`The table ${row.table} has row security off.`]),
    ...(row.forced === options.forced
      ? []
      : [`The table ${row.table} has row security ${row.forced ? '' : 'not '}forced.`]),
    ...wanted
      .filter((policy) => !row.policies.includes(policy))
      .map((policy) => `The table ${row.table} lacks the policy ${policy}.`),
    ...row.policies
      .filter((policy) => !wanted.includes(policy))
      .map((policy) => `The table ${row.table} has the policy ${policy}.`),
  ])
}
