-- A database that another back end writes as well: what it changes is known here at once, and who is deleted here is shut out there.

-- Nodes keep in memory who may do what. The application tells them of its own changes; of those of anybody else the triggers below
-- do: what goes along with something the application removes is done as the owner, and the application has told of it. `bus_outbox` is read where nodes hear each other through Redis: one row for each thing that is to be forgotten.
CREATE FUNCTION tell_nodes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed jsonb := CASE TG_OP WHEN 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
  named text := changed ->> TG_ARGV[1];
  envelope text := json_build_object('from', 'elsewhere', 'topic', 'actors.changed', 'message', json_build_object(TG_ARGV[0], named));
BEGIN
  PERFORM pg_notify('ashlar', envelope);
  INSERT INTO bus_outbox (id, envelope) VALUES ('elsewhere ' || named, envelope)
  ON CONFLICT (id) DO UPDATE SET "createdAt" = now();
  RETURN NULL;
END
$$;
CREATE TRIGGER users_changed_elsewhere AFTER UPDATE OR DELETE ON users FOR EACH ROW
  WHEN (session_user = current_user AND NOT row_security_active('memberships'::regclass)) EXECUTE FUNCTION tell_nodes('userId', 'id');
CREATE TRIGGER user_roles_changed_elsewhere AFTER INSERT OR UPDATE OR DELETE ON user_roles FOR EACH ROW
  WHEN (session_user = current_user AND NOT row_security_active('user_roles'::regclass)) EXECUTE FUNCTION tell_nodes('userId', 'userId');
CREATE TRIGGER role_permissions_changed_elsewhere AFTER INSERT OR UPDATE OR DELETE ON role_permissions FOR EACH ROW
  WHEN (session_user = current_user AND NOT row_security_active('role_permissions'::regclass)) EXECUTE FUNCTION tell_nodes('tenantId', 'tenantId');
CREATE TRIGGER permissions_changed_elsewhere AFTER UPDATE OF action OR DELETE ON permissions FOR EACH ROW
  WHEN (session_user = current_user AND NOT row_security_active('permissions'::regclass)) EXECUTE FUNCTION tell_nodes('tenantId', 'tenantId');
CREATE TRIGGER roles_changed_elsewhere AFTER UPDATE OR DELETE ON roles FOR EACH ROW
  WHEN (session_user = current_user AND NOT row_security_active('roles'::regclass)) EXECUTE FUNCTION tell_nodes('tenantId', 'tenantId');

-- It marks favourites of a file's owner in the file itself.
CREATE FUNCTION favor_elsewhere() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW."isFavorite" THEN
    INSERT INTO file_favorites ("tenantId", "userId", "fileId") VALUES (NEW."tenantId", NEW."ownerId", NEW.id) ON CONFLICT DO NOTHING;
  ELSE
    DELETE FROM file_favorites WHERE "tenantId" = NEW."tenantId" AND "userId" = NEW."ownerId" AND "fileId" = NEW.id;
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER files_favored_elsewhere AFTER INSERT OR UPDATE OF "isFavorite" ON files FOR EACH ROW
  WHEN (NOT row_security_active('files'::regclass)) EXECUTE FUNCTION favor_elsewhere();

-- It asks the status of whoever signs in, and knows of nothing that is deleted and still there. Row security is forced where there
-- is no other back end.
ALTER TABLE users ADD COLUMN "statusBefore" "UserStatus";
CREATE FUNCTION shut_out_elsewhere() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW."deletedAt" IS NULL THEN
    NEW.status := COALESCE(OLD."statusBefore", NEW.status);
    NEW."statusBefore" := NULL;
  ELSIF NOT (SELECT relforcerowsecurity FROM pg_class WHERE oid = 'memberships'::regclass) THEN
    NEW."statusBefore" := OLD.status;
    NEW.status := 'INACTIVE';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER users_shut_out_elsewhere BEFORE UPDATE OF "deletedAt" ON users FOR EACH ROW
  WHEN ((OLD."deletedAt" IS NULL) <> (NEW."deletedAt" IS NULL)) EXECUTE FUNCTION shut_out_elsewhere();
UPDATE users SET "statusBefore" = status, status = 'INACTIVE'
WHERE "deletedAt" IS NOT NULL AND NOT (SELECT relforcerowsecurity FROM pg_class WHERE oid = 'memberships'::regclass);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['tell_nodes', 'favor_elsewhere', 'shut_out_elsewhere'] LOOP
    EXECUTE format('ALTER FUNCTION %I() SET search_path = pg_catalog, %I, pg_temp', name, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %I() FROM PUBLIC', name);
  END LOOP;
END
$$;
