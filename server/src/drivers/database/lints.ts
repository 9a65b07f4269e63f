// Eight questions to the catalogue that must all be answered by "none": each finds one way in which tenants stop being apart.
import type { ClientBase } from 'pg'
import { roleNames } from './roles.ts'
import { exemptTables, exemptUniqueIndexes, reviewedDefiners, sharedTables } from './row-security.exemptions.ts'
import type { RowSecurityOptions } from './row-security.ts'

interface Lint {
  /** Completes "… <what was found>". */
  finding: string
  /** Answers rows with one column `name`. */
  query: string
  values?: (options: RowSecurityOptions) => unknown[]
}

// Everything but PostgreSQL's own schemas and what extensions bring.
const SCHEMAS = `namespace.nspname !~ '^pg_' AND namespace.nspname <> 'information_schema'`

const RELATIONS = `pg_class class JOIN pg_namespace namespace ON namespace.oid = class.relnamespace AND ${SCHEMAS}
  AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = class.oid AND deptype = 'e')`

const TENANT_COLUMN = (relation: string) =>
  `EXISTS (SELECT FROM pg_attribute WHERE attrelid = ${relation} AND attname = 'tenantId' AND NOT attisdropped)`

const lints: Lint[] = [
  {
    finding: 'has no tenant policy that is on and forced, and no written exemption',
    query: `SELECT class.oid::regclass AS name FROM ${RELATIONS}
      WHERE class.relkind IN ('r', 'p') AND class.relname <> ALL ($1)
        AND (class.relnamespace = current_schema()::regnamespace OR ${TENANT_COLUMN('class.oid')})
        AND NOT (class.relrowsecurity AND (class.relforcerowsecurity OR NOT $2::boolean) AND ${TENANT_COLUMN('class.oid')})`,
    values: (options) => [Object.keys(exemptTables), options.forced],
  },
  {
    finding: 'has row security and no policy that covers reading and writing',
    query: `SELECT class.oid::regclass AS name FROM ${RELATIONS}
      WHERE class.relrowsecurity AND NOT EXISTS (
        SELECT FROM pg_policy
        WHERE polrelid = class.oid AND polcmd = '*' AND polname = 'tenant' AND polqual IS NOT NULL AND polwithcheck IS NOT NULL
      )`,
  },
  {
    finding: 'is a view that reads with the rights of its owner',
    query: `SELECT class.oid::regclass AS name FROM ${RELATIONS}
      WHERE class.relkind = 'm'
        OR (class.relkind = 'v' AND NOT COALESCE(class.reloptions && ARRAY['security_invoker=true', 'security_invoker=on'], false))`,
  },
  {
    finding:
      'works with the rights of its owner and is not reviewed, has no pinned search path, or may be called by anybody',
    query: `SELECT routine.oid::regprocedure AS name
      FROM pg_proc routine JOIN pg_namespace namespace ON namespace.oid = routine.pronamespace AND ${SCHEMAS}
      WHERE routine.prosecdef
        AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = routine.oid AND deptype = 'e')
        AND (routine.proname <> ALL ($1)
          OR NOT EXISTS (SELECT FROM unnest(routine.proconfig) setting WHERE setting LIKE 'search_path=%')
          OR EXISTS (SELECT FROM aclexplode(COALESCE(routine.proacl, acldefault('f', routine.proowner))) WHERE grantee = 0))`,
    values: () => [Object.keys(reviewedDefiners)],
  },
  {
    finding: 'is more than the application may have',
    query: `SELECT format('the attribute of role %s', rolname) AS name FROM pg_roles
      WHERE rolname = ANY ($1)
        AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication OR rolinherit OR rolcanlogin <> (rolname = $1[1]))
      UNION ALL
      SELECT format('the ownership of %s by %s', pg_describe_object(classid, objid, objsubid), refobjid::regrole) FROM pg_shdepend
      WHERE refclassid = 'pg_authid'::regclass AND refobjid::regrole::text = ANY ($1) AND deptype = 'o'
        AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
      UNION ALL
      SELECT format('%s on %s for %s', acl.privilege_type, class.oid::regclass, CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE acl.grantee::regrole::text END)
      FROM ${RELATIONS}
      CROSS JOIN LATERAL aclexplode(class.relacl) acl
      WHERE class.relkind IN ('r', 'p', 'v', 'm', 'f') AND (
        (acl.grantee = 0 AND class.relnamespace = current_schema()::regnamespace)
        OR (acl.grantee::regrole::text = ANY ($1) AND (
          acl.privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN')
          OR (class.relname = 'audit_logs' AND acl.privilege_type NOT IN ('SELECT', 'INSERT')))))
      UNION ALL
      SELECT format('CREATE on schema %I for %s', namespace.nspname, rolname)
      FROM pg_namespace namespace CROSS JOIN pg_roles
      WHERE ${SCHEMAS} AND rolname = ANY ($1) AND has_schema_privilege(pg_roles.oid, namespace.oid, 'CREATE')
      UNION ALL
      SELECT format('membership of %s in %s', member::regrole, roleid::regrole) FROM pg_auth_members
      WHERE member::regrole::text = ANY ($1) AND NOT (member::regrole::text = $1[1] AND roleid::regrole::text = $1[2])`,
    values: ({ rolePrefix }) => {
      const { app, across } = roleNames(rolePrefix)
      return [[app, across]]
    },
  },
  {
    finding: 'refers to a row of a tenant by a key without the tenant',
    query: `SELECT format('%s on %s', rule.conname, rule.conrelid::regclass) AS name FROM pg_constraint rule
      JOIN pg_class class ON class.oid = rule.conrelid
      WHERE rule.contype = 'f' AND rule.conparentid = 0 AND class.relname <> ALL ($1)
        AND ${TENANT_COLUMN('rule.conrelid')} AND ${TENANT_COLUMN('rule.confrelid')}
        AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = rule.conrelid AND attnum = ANY (rule.conkey) AND attname = 'tenantId')`,
    values: () => [sharedTables],
  },
  {
    finding: 'is unique over all tenants, which tells one tenant what another has',
    query: `SELECT index.indexrelid::regclass AS name FROM pg_index index
      JOIN pg_class own ON own.oid = index.indexrelid
      JOIN pg_class class ON class.oid = index.indrelid
      WHERE index.indisunique AND NOT index.indisprimary AND class.relname <> ALL ($1) AND own.relname <> ALL ($2)
        AND ${TENANT_COLUMN('index.indrelid')}
        AND NOT EXISTS (
          SELECT FROM pg_attribute WHERE attrelid = index.indrelid AND attnum = ANY (index.indkey::int2[]) AND attname = 'tenantId'
        )`,
    values: () => [Object.keys(exemptTables), Object.keys(exemptUniqueIndexes)],
  },
  {
    finding: 'is a policy that calls a volatile function for each row',
    // Read from the expression itself: PostgreSQL records no dependency on its own functions.
    query: `SELECT DISTINCT format('%s on %s (%s)', policy.polname, policy.polrelid::regclass, routine.proname) AS name
      FROM pg_policy policy
      CROSS JOIN LATERAL regexp_matches(concat(policy.polqual, policy.polwithcheck), ':(?:funcid|opfuncid) (\\d+)', 'g') called
      JOIN pg_proc routine ON routine.oid = called[1]::oid
      WHERE routine.provolatile = 'v'`,
  },
]

/** What the eight lints find, one list for each in their order; each finding is a sentence. All lists are empty in a sound database. */
export async function runLints(client: ClientBase, options: RowSecurityOptions): Promise<string[][]> {
  const findings: string[][] = []
  for (const { finding, query, values } of lints) {
    const { rows } = await client.query<{ name: string }>(query, values?.(options) ?? [])
    findings.push(rows.map(({ name }) => `${name} ${finding}.`))
  }
  return findings
}
