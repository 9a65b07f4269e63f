-- Row security and grants, put right after each migration and at each start, from the catalogue alone: a new table with
-- "tenantId" is protected because it has that column. What is right already is not touched, so that a start takes no locks.
-- The caller sets for the transaction: ashlar.app_role, ashlar.across_role, ashlar.forced (true or false),
-- ashlar.exempt_tables and ashlar.other_schemas (names between commas).

-- Three policies on every table with "tenantId":
--   tenant       everybody: rows of the tenant that is set. Unset reads as null or '', which no tenant is called.
--   across       the role of the work that must see all tenants.
--   maintenance  the owner, when it says so: migrations and the reviewed functions. Row security is forced on it otherwise.
DO $$
DECLARE
  across oid := current_setting('ashlar.across_role')::regrole;
  forced boolean := current_setting('ashlar.forced');
  exempt text[] := string_to_array(current_setting('ashlar.exempt_tables'), ',');
  protected record;
  wanted record;
BEGIN
  FOR protected IN
    SELECT class.oid, class.oid::regclass AS name, class.relowner, class.relrowsecurity, class.relforcerowsecurity
    FROM pg_class class
    JOIN pg_attribute attribute ON attribute.attrelid = class.oid AND attribute.attname = 'tenantId' AND NOT attribute.attisdropped
    WHERE class.relkind IN ('r', 'p') AND class.relnamespace = current_schema()::regnamespace AND class.relname <> ALL (exempt)
    ORDER BY class.relname
  LOOP
    IF NOT protected.relrowsecurity THEN
      EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', protected.name);
    END IF;
    IF protected.relforcerowsecurity <> forced THEN
      EXECUTE format('ALTER TABLE %s %s ROW LEVEL SECURITY', protected.name, CASE WHEN forced THEN 'FORCE' ELSE 'NO FORCE' END);
    END IF;

    FOR wanted IN
      SELECT * FROM (VALUES
        ('tenant', 0::oid, '("tenantId" = current_setting(''app.tenant_id''::text, true))'),
        ('across', across, 'true'),
        ('maintenance', protected.relowner, '(current_setting(''app.maintenance''::text, true) = ''on''::text)')
      ) policy (name, role, condition)
      WHERE NOT EXISTS (
        SELECT FROM pg_policy
        WHERE polrelid = protected.oid AND polname = policy.name AND polcmd = '*' AND polpermissive
          AND polroles = ARRAY[policy.role] AND pg_get_expr(polqual, polrelid) = policy.condition
          AND pg_get_expr(polwithcheck, polrelid) = policy.condition
      )
    LOOP
      EXECUTE format('DROP POLICY IF EXISTS %I ON %s', wanted.name, protected.name);
      EXECUTE format('CREATE POLICY %I ON %s TO %s USING (%s) WITH CHECK (%s)', wanted.name, protected.name,
        CASE WHEN wanted.role = 0 THEN 'PUBLIC' ELSE wanted.role::regrole::text END, wanted.condition, wanted.condition);
    END LOOP;
  END LOOP;
END
$$;

-- The application reads and writes rows. Some tables it may only add to or read; nothing may be emptied or referenced.
DO $$
DECLARE
  app oid := current_setting('ashlar.app_role')::regrole;
  across oid := current_setting('ashlar.across_role')::regrole;
  granted record;
BEGIN
  IF NOT has_schema_privilege(app, current_schema(), 'USAGE') OR NOT has_schema_privilege(across, current_schema(), 'USAGE') THEN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %s, %s', current_schema(), app::regrole, across::regrole);
  END IF;
  IF has_schema_privilege(app, current_schema(), 'CREATE') OR has_schema_privilege(across, current_schema(), 'CREATE') THEN
    EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC, %s, %s', current_schema(), app::regrole, across::regrole);
  END IF;

  FOR granted IN
    SELECT one.name, one.privileges
    FROM (
      SELECT class.oid::regclass AS name, class.relacl, class.relowner, CASE class.relname
        WHEN 'audit_logs' THEN ARRAY['INSERT', 'SELECT']
        WHEN 'audit_heads' THEN ARRAY['INSERT', 'SELECT', 'UPDATE']
        WHEN 'member_totals' THEN ARRAY['SELECT']
        WHEN 'ashlar_migrations' THEN ARRAY['SELECT']
        WHEN '_prisma_migrations' THEN ARRAY[]::text[]
        WHEN 'document_search' THEN ARRAY[]::text[]
        ELSE ARRAY['DELETE', 'INSERT', 'SELECT', 'UPDATE']
      END AS privileges
      FROM pg_class class
      WHERE class.relkind IN ('r', 'p') AND class.relnamespace = current_schema()::regnamespace
        AND pg_has_role(class.relowner, 'USAGE')
    ) one
    WHERE EXISTS (
      SELECT FROM unnest(ARRAY[app, across, 0::oid]) grantee
      WHERE ARRAY(
        SELECT acl.privilege_type FROM aclexplode(COALESCE(one.relacl, acldefault('r', one.relowner))) acl
        WHERE acl.grantee = grantee.grantee ORDER BY 1
      ) <> CASE WHEN grantee.grantee = 0 THEN ARRAY[]::text[] ELSE one.privileges END
    )
  LOOP
    EXECUTE format('REVOKE ALL ON %s FROM PUBLIC, %s, %s', granted.name, app::regrole, across::regrole);
    IF granted.privileges <> ARRAY[]::text[] THEN
      EXECUTE format('GRANT %s ON %s TO %s, %s', array_to_string(granted.privileges, ', '), granted.name, app::regrole, across::regrole);
    END IF;
  END LOOP;

  -- Identity columns need no grant on their sequence. Trigger functions need none either.
  FOR granted IN
    SELECT routine.oid::regprocedure AS name
    FROM pg_proc routine
    WHERE routine.pronamespace = current_schema()::regnamespace AND routine.prorettype <> 'trigger'::regtype
      AND pg_has_role(routine.proowner, 'USAGE')
      AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = routine.oid AND deptype = 'e')
      AND NOT (has_function_privilege(app, routine.oid, 'EXECUTE') AND has_function_privilege(across, routine.oid, 'EXECUTE'))
  LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s, %s', granted.name, app::regrole, across::regrole);
  END LOOP;
END
$$;

-- Schemas of tools that work as the application, such as the job queue's.
DO $$
DECLARE
  roles text := format('%s, %s', current_setting('ashlar.app_role')::regrole, current_setting('ashlar.across_role')::regrole);
  schema name;
BEGIN
  FOR schema IN
    SELECT nspname FROM pg_namespace WHERE nspname = ANY (string_to_array(current_setting('ashlar.other_schemas'), ','))
  LOOP
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %s', schema, roles);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO %s', schema, roles);
    EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA %I TO %s', schema, roles);
    EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA %I TO %s', schema, roles);
  END LOOP;
END
$$;
