-- Back to one tenant. Refused when two tenants use a value that is unique in the shared database; rows of other tenants
-- stay and lose their tenant.

DO $$
DECLARE
  clash record;
BEGIN
  SELECT * INTO clash FROM (
    SELECT 'role' AS kind, name AS value, count(*) AS uses FROM roles GROUP BY name
    UNION ALL SELECT 'permission', action, count(*) FROM permissions GROUP BY action
    UNION ALL SELECT 'tag', name, count(*) FROM tags GROUP BY name
    UNION ALL SELECT 'folder path', path, count(*) FROM folders GROUP BY path
  ) every WHERE uses > 1 ORDER BY kind, value LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'The % "%" stands in % tenants; without tenants it may stand once. Rename or delete it first.',
      clash.kind, clash.value, clash.uses USING ERRCODE = 'unique_violation';
  END IF;
END
$$;

DROP TRIGGER users_registered ON users;
DROP TRIGGER users_deleted ON users;
DROP TRIGGER users_status_changed ON users;
DROP TABLE member_totals;
DROP TABLE memberships;
DROP TABLE role_parents;
DROP FUNCTION join_default_tenant();
DROP FUNCTION refuse_membership_move();
DROP FUNCTION leave_all_tenants();
DROP FUNCTION recount_user();
DROP FUNCTION count_memberships();

DROP INDEX
  "users_lower_email_idx", "users_lower_username_idx", users_search_idx,
  "role_permissions_permissionId_idx", "user_roles_roleId_idx", "teams_ownerId_idx", "team_members_userId_idx",
  "team_members_roleId_idx", "document_shares_teamId_idx", "document_tags_tagId_idx", "folders_parentId_idx",
  "folders_teamId_idx", "files_teamId_idx", "event_attendees_userId_idx", "event_reminders_eventId_idx",
  "conversation_participants_userId_idx", "messages_conversationId_createdAt_id_idx";

-- A deleted account must not come back to life where nothing knows that it was deleted.
UPDATE users SET status = 'INACTIVE' WHERE "deletedAt" IS NOT NULL;
ALTER TABLE users DROP COLUMN "deletedAt", DROP COLUMN "emailVerifiedAt", DROP COLUMN "passwordChangedAt", DROP COLUMN locale;
ALTER TABLE roles DROP COLUMN "builtIn";
ALTER TABLE permissions DROP COLUMN "builtIn", DROP COLUMN "group", DROP COLUMN label;

DO $$
DECLARE
  shared text;
  policy name;
BEGIN
  FOREACH shared IN ARRAY ARRAY[
    'roles', 'permissions', 'role_permissions', 'user_roles', 'teams', 'team_members', 'documents', 'document_shares',
    'tags', 'document_tags', 'folders', 'files', 'calendar_events', 'event_attendees', 'event_reminders', 'conversations',
    'conversation_participants', 'messages', 'notifications', 'activity_logs'
  ] LOOP
    FOR policy IN SELECT polname FROM pg_policy WHERE polrelid = shared::regclass LOOP
      EXECUTE format('DROP POLICY %I ON %I', policy, shared);
    END LOOP;
    EXECUTE format('ALTER TABLE %I NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY', shared);
    -- The indexes that start with the column go with it.
    EXECUTE format('ALTER TABLE %I DROP COLUMN "tenantId"', shared);
  END LOOP;

  FOREACH shared IN ARRAY ARRAY[
    'users', 'roles', 'permissions', 'teams', 'documents', 'folders', 'files', 'calendar_events', 'conversations'
  ] LOOP
    EXECUTE format('ALTER TABLE %I ALTER COLUMN "updatedAt" DROP DEFAULT', shared);
  END LOOP;
END
$$;

CREATE UNIQUE INDEX "roles_name_key" ON "roles"("name");
CREATE UNIQUE INDEX "permissions_action_key" ON "permissions"("action");
CREATE UNIQUE INDEX "tags_name_key" ON "tags"("name");
CREATE UNIQUE INDEX "folders_path_key" ON "folders"("path");

DROP TABLE tenants;
