-- Content: who is in a team, how folders contain each other, and who may reach what.

-- Teams. The owner is the one whom the team names, a member with or without a row; of the other members some are administrators.
ALTER TABLE team_members ADD COLUMN level text NOT NULL DEFAULT 'member';
ALTER TABLE team_members ADD CONSTRAINT team_members_level_check CHECK (level IN ('admin', 'member'));
CREATE UNIQUE INDEX "teams_tenantId_id_key" ON teams ("tenantId", id);

-- Folders. "idPath" is /<id>/<id>/ from the root down to the folder itself: what lies below is one range of it.
ALTER TABLE folders ADD COLUMN "idPath" text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE folders ADD COLUMN "deletedAt" timestamptz;
ALTER TABLE folders ADD COLUMN "deletedById" text REFERENCES users (id) ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE folders ADD COLUMN "deletedWith" text;
CREATE UNIQUE INDEX "folders_tenantId_id_key" ON folders ("tenantId", id);
CREATE INDEX "folders_tenantId_idPath_idx" ON folders ("tenantId", "idPath");
CREATE INDEX "folders_tenantId_ownerId_parentId_idx" ON folders ("tenantId", "ownerId", "parentId");
CREATE INDEX "folders_tenantId_teamId_idx" ON folders ("tenantId", "teamId") WHERE "teamId" IS NOT NULL;
CREATE INDEX "folders_deletedById_idx" ON folders ("deletedById");
CREATE INDEX "folders_tenantId_deletedAt_idx" ON folders ("tenantId", "deletedAt") WHERE "deletedAt" IS NOT NULL;
-- Two people may each have a folder of one name at their root, and neither learns of the other's.
DROP INDEX "folders_tenantId_path_key";

WITH RECURSIVE placed (id, "idPath") AS (
  SELECT id, '/' || id || '/' FROM folders WHERE "parentId" IS NULL
  UNION ALL
  SELECT child.id, placed."idPath" || child.id || '/' FROM folders child JOIN placed ON placed.id = child."parentId"
)
UPDATE folders SET "idPath" = placed."idPath" FROM placed WHERE placed.id = folders.id;
-- What hangs in a circle has no root: the folder itself becomes one.
UPDATE folders SET "idPath" = '/' || id || '/', "parentId" = NULL WHERE "idPath" = '';

CREATE FUNCTION place_folder() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."idPath" := COALESCE((SELECT "idPath" FROM folders WHERE id = NEW."parentId"), '/') || NEW.id || '/';
  RETURN NEW;
END
$$;
CREATE TRIGGER folders_placed BEFORE INSERT ON folders FOR EACH ROW EXECUTE FUNCTION place_folder();

-- What another writer moves, or what a removed parent leaves behind, takes its subtree along.
CREATE FUNCTION replace_folder() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  place text := COALESCE((SELECT "idPath" FROM folders WHERE id = NEW."parentId"), '/') || NEW.id || '/';
BEGIN
  IF place <> OLD."idPath" AND NOT starts_with(place, OLD."idPath") THEN
    UPDATE folders SET "idPath" = place || substr("idPath", length(OLD."idPath") + 1)
    WHERE "tenantId" = NEW."tenantId" AND "idPath" >= OLD."idPath" AND "idPath" < OLD."idPath" || '~';
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER folders_moved AFTER UPDATE OF "parentId" ON folders FOR EACH ROW
  WHEN (OLD."parentId" IS DISTINCT FROM NEW."parentId") EXECUTE FUNCTION replace_folder();

-- Whom folders and files are shared with. Documents keep the table that the other back end reads.
CREATE TABLE content_shares (
  id text NOT NULL,
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  kind text NOT NULL,
  "itemId" text NOT NULL,
  "userId" text,
  "teamId" text,
  level text NOT NULL,
  "expiresAt" timestamptz,
  "createdById" text,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT content_shares_pkey PRIMARY KEY (id),
  CONSTRAINT content_shares_kind_check CHECK (kind IN ('folder', 'file')),
  CONSTRAINT content_shares_level_check CHECK (level IN ('READ', 'COMMENT', 'EDIT')),
  CONSTRAINT content_shares_target_check CHECK (("userId" IS NULL) <> ("teamId" IS NULL)),
  CONSTRAINT "content_shares_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES tenants (id) ON DELETE CASCADE ON UPDATE CASCADE,
  -- Leaving the tenant ends what was shared there.
  CONSTRAINT "content_shares_userId_fkey" FOREIGN KEY ("tenantId", "userId") REFERENCES memberships ("tenantId", "userId") ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "content_shares_teamId_fkey" FOREIGN KEY ("tenantId", "teamId") REFERENCES teams ("tenantId", id) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "content_shares_createdById_fkey" FOREIGN KEY ("createdById") REFERENCES users (id) ON DELETE SET NULL ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "content_shares_user_key" ON content_shares ("tenantId", kind, "itemId", "userId") WHERE "userId" IS NOT NULL;
CREATE UNIQUE INDEX "content_shares_team_key" ON content_shares ("tenantId", kind, "itemId", "teamId") WHERE "teamId" IS NOT NULL;
CREATE INDEX "content_shares_tenantId_userId_idx" ON content_shares ("tenantId", "userId");
CREATE INDEX "content_shares_tenantId_teamId_idx" ON content_shares ("tenantId", "teamId");
CREATE INDEX "content_shares_createdById_idx" ON content_shares ("createdById");

-- Shares go with what they open.
CREATE FUNCTION end_content_shares() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM content_shares WHERE "tenantId" = OLD."tenantId" AND kind = TG_ARGV[0] AND "itemId" = OLD.id;
  RETURN NULL;
END
$$;
CREATE TRIGGER folders_unshared AFTER DELETE ON folders FOR EACH ROW EXECUTE FUNCTION end_content_shares('folder');
CREATE TRIGGER files_unshared AFTER DELETE ON files FOR EACH ROW EXECUTE FUNCTION end_content_shares('file');

-- Whoever leaves a tenant leaves its teams, and what was shared with them there. Their teams go to an administrator of the team,
-- else to whoever is in it the longest, else to an owner of the tenant.
CREATE FUNCTION leave_teams() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE teams SET "updatedAt" = now(), "ownerId" = COALESCE(
    (SELECT other."userId" FROM team_members other
     JOIN memberships member ON member."tenantId" = other."tenantId" AND member."userId" = other."userId"
     WHERE other."teamId" = teams.id AND other."userId" <> OLD."userId"
     ORDER BY other.level = 'admin' DESC, other."joinedAt", other."userId" LIMIT 1),
    (SELECT "userId" FROM memberships WHERE "tenantId" = OLD."tenantId" AND level = 'OWNER' ORDER BY "joinedAt", "userId" LIMIT 1),
    "ownerId")
  WHERE "tenantId" = OLD."tenantId" AND "ownerId" = OLD."userId" AND EXISTS (SELECT FROM tenants WHERE id = OLD."tenantId");
  DELETE FROM team_members WHERE "tenantId" = OLD."tenantId" AND "userId" = OLD."userId";
  DELETE FROM document_shares WHERE "tenantId" = OLD."tenantId" AND "sharedWithId" = OLD."userId";
  RETURN NULL;
END
$$;
CREATE TRIGGER memberships_teams_left AFTER DELETE ON memberships FOR EACH ROW EXECUTE FUNCTION leave_teams();

-- Documents.
ALTER TABLE documents ADD COLUMN "folderId" text;
ALTER TABLE documents ADD COLUMN "deletedAt" timestamptz;
ALTER TABLE documents ADD COLUMN "deletedById" text REFERENCES users (id) ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE documents ADD COLUMN "deletedWith" text;
-- The current content is revision number so and so, saved by this person at this time; null: as the row was made.
ALTER TABLE documents ADD COLUMN revision int NOT NULL DEFAULT 1;
ALTER TABLE documents ADD COLUMN "savedById" text REFERENCES users (id) ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE documents ADD COLUMN "savedAt" timestamptz;
ALTER TABLE documents ADD CONSTRAINT "documents_folderId_fkey" FOREIGN KEY ("tenantId", "folderId")
  REFERENCES folders ("tenantId", id) ON UPDATE CASCADE;
-- A key with the tenant cannot be set to null by itself.
CREATE FUNCTION leave_folder() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE documents SET "folderId" = NULL WHERE "tenantId" = OLD."tenantId" AND "folderId" = OLD.id;
  RETURN OLD;
END
$$;
CREATE TRIGGER folders_left BEFORE DELETE ON folders FOR EACH ROW EXECUTE FUNCTION leave_folder();
CREATE UNIQUE INDEX "documents_tenantId_id_key" ON documents ("tenantId", id);
CREATE INDEX "documents_tenantId_ownerId_updatedAt_id_idx" ON documents ("tenantId", "ownerId", "updatedAt" DESC, id DESC);
CREATE INDEX "documents_tenantId_teamId_updatedAt_id_idx" ON documents ("tenantId", "teamId", "updatedAt" DESC, id DESC) WHERE "teamId" IS NOT NULL;
CREATE INDEX "documents_tenantId_folderId_updatedAt_id_idx" ON documents ("tenantId", "folderId", "updatedAt" DESC, id DESC) WHERE "folderId" IS NOT NULL;
CREATE INDEX "documents_deletedById_idx" ON documents ("deletedById");
CREATE INDEX "documents_savedById_idx" ON documents ("savedById");
CREATE INDEX "documents_tenantId_deletedAt_idx" ON documents ("tenantId", "deletedAt") WHERE "deletedAt" IS NOT NULL;
CREATE INDEX "document_shares_tenantId_teamId_idx" ON document_shares ("tenantId", "teamId");

-- What a document was before it was saved again.
CREATE TABLE document_revisions (
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  "documentId" text NOT NULL,
  number int NOT NULL,
  title text NOT NULL,
  content text NOT NULL,
  -- In bytes.
  size bigint NOT NULL,
  "authorId" text,
  "createdAt" timestamptz NOT NULL,
  CONSTRAINT document_revisions_pkey PRIMARY KEY ("tenantId", "documentId", number),
  CONSTRAINT "document_revisions_documentId_fkey" FOREIGN KEY ("tenantId", "documentId") REFERENCES documents ("tenantId", id) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "document_revisions_authorId_fkey" FOREIGN KEY ("authorId") REFERENCES users (id) ON DELETE SET NULL ON UPDATE CASCADE
);
CREATE INDEX "document_revisions_authorId_idx" ON document_revisions ("authorId");

-- Who looked when, and how often since the counts were last added to the documents.
CREATE TABLE document_views (
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  "documentId" text NOT NULL,
  "userId" text NOT NULL,
  "viewedAt" timestamptz NOT NULL DEFAULT now(),
  views int NOT NULL DEFAULT 1,
  CONSTRAINT document_views_pkey PRIMARY KEY ("tenantId", "documentId", "userId"),
  CONSTRAINT "document_views_documentId_fkey" FOREIGN KEY ("tenantId", "documentId") REFERENCES documents ("tenantId", id) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "document_views_userId_fkey" FOREIGN KEY ("userId") REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "document_views_userId_idx" ON document_views ("userId");
CREATE INDEX "document_views_uncounted_idx" ON document_views ("tenantId", "documentId") WHERE views > 0;

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['place_folder', 'replace_folder', 'end_content_shares', 'leave_folder', 'leave_teams'] LOOP
    EXECUTE format('ALTER FUNCTION %I() SET search_path = pg_catalog, %I, pg_temp', name, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %I() FROM PUBLIC', name);
  END LOOP;
END
$$;
