-- Tenants: every row of the product belongs to one, and so does everything that is here already: to the tenant `default`.
-- The other back end of a shared database knows no tenant; column defaults and one trigger put what it writes into `default`.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TABLE tenants (
  id text NOT NULL,
  name text NOT NULL,
  slug text NOT NULL,
  status text NOT NULL DEFAULT 'ACTIVE',
  settings jsonb NOT NULL DEFAULT '{}',
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  "updatedAt" timestamptz NOT NULL DEFAULT now(),
  "deletedAt" timestamptz,
  CONSTRAINT tenants_pkey PRIMARY KEY (id),
  -- The empty text is what an unset tenant reads as: no tenant may be called so.
  CONSTRAINT tenants_id_check CHECK (id <> ''),
  CONSTRAINT tenants_status_check CHECK (status IN ('ACTIVE', 'SUSPENDED'))
);
CREATE UNIQUE INDEX tenants_slug_key ON tenants (slug);
INSERT INTO tenants (id, name, slug) VALUES ('default', 'Default', 'default');

DO $$
DECLARE
  shared text;
BEGIN
  FOREACH shared IN ARRAY ARRAY[
    'roles', 'permissions', 'role_permissions', 'user_roles', 'teams', 'team_members', 'documents', 'document_shares',
    'tags', 'document_tags', 'folders', 'files', 'calendar_events', 'event_attendees', 'event_reminders', 'conversations',
    'conversation_participants', 'messages', 'notifications', 'activity_logs'
  ] LOOP
    -- The default is stable, not volatile: no table is rewritten.
    EXECUTE format(
      'ALTER TABLE %I ADD COLUMN "tenantId" text NOT NULL'
      ' DEFAULT COALESCE(NULLIF(current_setting(''app.tenant_id'', true), ''''), ''default'')', shared);
    EXECUTE format(
      'ALTER TABLE %I ADD CONSTRAINT %I FOREIGN KEY ("tenantId") REFERENCES tenants (id)'
      ' ON DELETE CASCADE ON UPDATE CASCADE', shared, shared || '_tenantId_fkey');
  END LOOP;

  FOREACH shared IN ARRAY ARRAY[
    'users', 'roles', 'permissions', 'teams', 'documents', 'folders', 'files', 'calendar_events', 'conversations'
  ] LOOP
    EXECUTE format('ALTER TABLE %I ALTER COLUMN "updatedAt" SET DEFAULT CURRENT_TIMESTAMP', shared);
  END LOOP;
END
$$;

ALTER TABLE users
  ADD COLUMN "deletedAt" timestamptz,
  ADD COLUMN "emailVerifiedAt" timestamptz,
  ADD COLUMN "passwordChangedAt" timestamptz,
  ADD COLUMN locale text;
ALTER TABLE roles ADD COLUMN "builtIn" boolean NOT NULL DEFAULT false;
ALTER TABLE permissions
  ADD COLUMN "builtIn" boolean NOT NULL DEFAULT false,
  ADD COLUMN "group" text,
  ADD COLUMN label text;

-- What was unique in the database is now unique in a tenant.
DROP INDEX "roles_name_key", "permissions_action_key", "tags_name_key", "folders_path_key";
CREATE UNIQUE INDEX "roles_tenantId_name_key" ON roles ("tenantId", name);
CREATE UNIQUE INDEX "roles_tenantId_id_key" ON roles ("tenantId", id);
CREATE UNIQUE INDEX "permissions_tenantId_action_key" ON permissions ("tenantId", action);
CREATE UNIQUE INDEX "permissions_tenantId_id_key" ON permissions ("tenantId", id);
CREATE UNIQUE INDEX "tags_tenantId_name_key" ON tags ("tenantId", name);
CREATE UNIQUE INDEX "folders_tenantId_path_key" ON folders ("tenantId", path);

-- Signing in ignores case; searching people finds parts of words.
CREATE INDEX "users_lower_email_idx" ON users (lower(email));
CREATE INDEX "users_lower_username_idx" ON users (lower(username));
CREATE INDEX users_search_idx ON users USING gin ((name || ' ' || email || ' ' || username) gin_trgm_ops);

-- Lists are by tenant; each sorts by an index.
CREATE INDEX "role_permissions_tenantId_roleId_idx" ON role_permissions ("tenantId", "roleId");
CREATE INDEX "user_roles_tenantId_userId_idx" ON user_roles ("tenantId", "userId");
CREATE INDEX "teams_tenantId_createdAt_id_idx" ON teams ("tenantId", "createdAt" DESC, id DESC);
CREATE INDEX "team_members_tenantId_userId_idx" ON team_members ("tenantId", "userId");
CREATE INDEX "documents_tenantId_createdAt_id_idx" ON documents ("tenantId", "createdAt" DESC, id DESC);
CREATE INDEX "documents_tenantId_updatedAt_id_idx" ON documents ("tenantId", "updatedAt" DESC, id DESC);
CREATE INDEX "documents_tenantId_ownerId_idx" ON documents ("tenantId", "ownerId");
CREATE INDEX "document_shares_tenantId_sharedWithId_idx" ON document_shares ("tenantId", "sharedWithId");
CREATE INDEX "document_tags_tenantId_tagId_idx" ON document_tags ("tenantId", "tagId");
CREATE INDEX "folders_tenantId_parentId_idx" ON folders ("tenantId", "parentId");
CREATE INDEX "files_tenantId_createdAt_id_idx" ON files ("tenantId", "createdAt" DESC, id DESC);
CREATE INDEX "files_tenantId_folderId_idx" ON files ("tenantId", "folderId");
CREATE INDEX "calendar_events_tenantId_startAt_endAt_idx" ON calendar_events ("tenantId", "startAt", "endAt");
CREATE INDEX "event_attendees_tenantId_userId_idx" ON event_attendees ("tenantId", "userId");
CREATE INDEX "event_reminders_tenantId_remindAt_idx" ON event_reminders ("tenantId", "remindAt");
CREATE INDEX "conversations_tenantId_updatedAt_id_idx" ON conversations ("tenantId", "updatedAt" DESC, id DESC);
CREATE INDEX "conversation_participants_tenantId_userId_idx" ON conversation_participants ("tenantId", "userId");
CREATE INDEX "messages_tenantId_conversationId_createdAt_id_idx" ON messages ("tenantId", "conversationId", "createdAt" DESC, id DESC);
CREATE INDEX "notifications_tenantId_userId_createdAt_id_idx" ON notifications ("tenantId", "userId", "createdAt" DESC, id DESC);
CREATE INDEX "activity_logs_tenantId_createdAt_id_idx" ON activity_logs ("tenantId", "createdAt" DESC, id DESC);

-- Foreign keys that no index served: without one, deleting what they name reads the whole table.
CREATE INDEX "role_permissions_permissionId_idx" ON role_permissions ("permissionId");
CREATE INDEX "user_roles_roleId_idx" ON user_roles ("roleId");
CREATE INDEX "teams_ownerId_idx" ON teams ("ownerId");
CREATE INDEX "team_members_userId_idx" ON team_members ("userId");
CREATE INDEX "team_members_roleId_idx" ON team_members ("roleId");
CREATE INDEX "document_shares_teamId_idx" ON document_shares ("teamId");
CREATE INDEX "document_tags_tagId_idx" ON document_tags ("tagId");
CREATE INDEX "folders_parentId_idx" ON folders ("parentId");
CREATE INDEX "folders_teamId_idx" ON folders ("teamId");
CREATE INDEX "files_teamId_idx" ON files ("teamId");
CREATE INDEX "event_attendees_userId_idx" ON event_attendees ("userId");
CREATE INDEX "event_reminders_eventId_idx" ON event_reminders ("eventId");
CREATE INDEX "conversation_participants_userId_idx" ON conversation_participants ("userId");
CREATE INDEX "messages_conversationId_createdAt_id_idx" ON messages ("conversationId", "createdAt" DESC, id DESC);

CREATE TABLE role_parents (
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  "roleId" text NOT NULL,
  "parentId" text NOT NULL,
  CONSTRAINT role_parents_pkey PRIMARY KEY ("roleId", "parentId"),
  CONSTRAINT role_parents_check CHECK ("roleId" <> "parentId"),
  CONSTRAINT "role_parents_roleId_fkey" FOREIGN KEY ("tenantId", "roleId") REFERENCES roles ("tenantId", id)
    ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "role_parents_parentId_fkey" FOREIGN KEY ("tenantId", "parentId") REFERENCES roles ("tenantId", id)
    ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "role_parents_tenantId_roleId_idx" ON role_parents ("tenantId", "roleId");
CREATE INDEX "role_parents_tenantId_parentId_idx" ON role_parents ("tenantId", "parentId");

CREATE TABLE memberships (
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  "userId" text NOT NULL,
  level text NOT NULL DEFAULT 'MEMBER',
  "joinedAt" timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT memberships_pkey PRIMARY KEY ("tenantId", "userId"),
  CONSTRAINT memberships_level_check CHECK (level IN ('OWNER', 'ADMIN', 'MEMBER')),
  CONSTRAINT "memberships_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES tenants (id) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "memberships_userId_fkey" FOREIGN KEY ("userId") REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "memberships_userId_idx" ON memberships ("userId");
CREATE INDEX "memberships_tenantId_joinedAt_userId_idx" ON memberships ("tenantId", "joinedAt" DESC, "userId" DESC);

-- How many members of each status a tenant has, as deltas that only ever get added: the total is their sum, so that
-- writers never wait for one another and a page's total never costs a count.
CREATE TABLE member_totals (
  id bigint GENERATED ALWAYS AS IDENTITY,
  "tenantId" text NOT NULL,
  status text NOT NULL,
  delta bigint NOT NULL,
  CONSTRAINT member_totals_pkey PRIMARY KEY (id),
  CONSTRAINT "member_totals_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES tenants (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "member_totals_tenantId_status_idx" ON member_totals ("tenantId", status);

-- The next three functions work as the owner of the tables (SECURITY DEFINER), since one change of a person counts in
-- every tenant the person belongs to, and the application sees one tenant at a time. They take no argument from a caller.
-- `app.maintenance` opens the owner's own policy for as long as they run.

-- Adds what joined or takes away what left. The accounts are locked first, so that a change of status either is seen
-- here or waits and sees these memberships. A tenant that is being deleted takes its totals along.
CREATE FUNCTION count_memberships() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  outside text := COALESCE(current_setting('app.maintenance', true), '');
BEGIN
  PERFORM set_config('app.maintenance', 'on', true);
  INSERT INTO member_totals ("tenantId", status, delta)
  SELECT one."tenantId", one.status, CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END
  FROM (
    SELECT membership."tenantId",
      CASE WHEN account."deletedAt" IS NULL THEN account.status::text ELSE 'DELETED' END AS status
    FROM changed membership JOIN users account ON account.id = membership."userId"
    WHERE EXISTS (SELECT FROM tenants WHERE tenants.id = membership."tenantId")
    ORDER BY account.id
    FOR NO KEY UPDATE OF account
  ) one
  GROUP BY one."tenantId", one.status;

  -- Now and then the deltas of a tenant become one for each status. Rows that another writer folds are left to it.
  IF random() < 1.0 / 64 AND current_setting('transaction_isolation') = 'read committed' THEN
    WITH folded AS (
      DELETE FROM member_totals WHERE id IN (
        SELECT total.id FROM member_totals total
        WHERE total."tenantId" IN (SELECT changed."tenantId" FROM changed JOIN tenants ON tenants.id = changed."tenantId")
        FOR UPDATE SKIP LOCKED
      )
      RETURNING "tenantId", status, delta
    )
    INSERT INTO member_totals ("tenantId", status, delta)
    SELECT folded."tenantId", folded.status, sum(folded.delta) FROM folded
    GROUP BY folded."tenantId", folded.status HAVING sum(folded.delta) <> 0;
  END IF;
  PERFORM set_config('app.maintenance', outside, true);
  RETURN NULL;
END
$$;
CREATE TRIGGER memberships_joined AFTER INSERT ON memberships
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_memberships();
CREATE TRIGGER memberships_left AFTER DELETE ON memberships
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_memberships();

CREATE FUNCTION recount_user() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  outside text := COALESCE(current_setting('app.maintenance', true), '');
BEGIN
  PERFORM set_config('app.maintenance', 'on', true);
  INSERT INTO member_totals ("tenantId", status, delta)
  SELECT membership."tenantId", moved.status, moved.delta
  FROM memberships membership CROSS JOIN (VALUES
    (CASE WHEN OLD."deletedAt" IS NULL THEN OLD.status::text ELSE 'DELETED' END, -1),
    (CASE WHEN NEW."deletedAt" IS NULL THEN NEW.status::text ELSE 'DELETED' END, 1)
  ) moved (status, delta)
  WHERE membership."userId" = NEW.id;
  PERFORM set_config('app.maintenance', outside, true);
  RETURN NULL;
END
$$;
CREATE TRIGGER users_status_changed AFTER UPDATE ON users FOR EACH ROW
  WHEN (OLD.status IS DISTINCT FROM NEW.status OR (OLD."deletedAt" IS NULL) <> (NEW."deletedAt" IS NULL))
  EXECUTE FUNCTION recount_user();

-- The cascade would take the memberships when the account, and with it the status to subtract from, is gone already.
CREATE FUNCTION leave_all_tenants() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  outside text := COALESCE(current_setting('app.maintenance', true), '');
BEGIN
  PERFORM set_config('app.maintenance', 'on', true);
  DELETE FROM memberships WHERE "userId" = OLD.id;
  PERFORM set_config('app.maintenance', outside, true);
  RETURN OLD;
END
$$;
CREATE TRIGGER users_deleted BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION leave_all_tenants();

CREATE FUNCTION refuse_membership_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'A membership cannot move to another tenant or user.' USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER memberships_moved BEFORE UPDATE ON memberships FOR EACH ROW
  WHEN (OLD."tenantId" <> NEW."tenantId" OR OLD."userId" <> NEW."userId")
  EXECUTE FUNCTION refuse_membership_move();

-- People whom the other back end registers join the default tenant. Under row security the application itself is
-- writing, and it makes the memberships it means.
CREATE FUNCTION join_default_tenant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NULLIF(current_setting('app.tenant_id', true), '') IS NULL AND NOT row_security_active('memberships'::regclass) THEN
    INSERT INTO memberships ("tenantId", "userId") SELECT 'default', joined.id FROM joined;
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER users_registered AFTER INSERT ON users
  REFERENCING NEW TABLE AS joined FOR EACH STATEMENT EXECUTE FUNCTION join_default_tenant();

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY[
    'count_memberships', 'recount_user', 'leave_all_tenants', 'refuse_membership_move', 'join_default_tenant'
  ] LOOP
    EXECUTE format('ALTER FUNCTION %I() SET search_path = pg_catalog, %I, pg_temp', name, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %I() FROM PUBLIC', name);
  END LOOP;
END
$$;

-- Who is here already belongs to the default tenant; who holds the role `admin` owns it.
INSERT INTO memberships ("tenantId", "userId", level, "joinedAt")
SELECT 'default', users.id,
  CASE WHEN EXISTS (
    SELECT FROM user_roles JOIN roles ON roles.id = user_roles."roleId"
    WHERE user_roles."userId" = users.id AND roles.name = 'admin'
  ) THEN 'OWNER' ELSE 'MEMBER' END,
  users."createdAt" AT TIME ZONE 'UTC'
FROM users;
