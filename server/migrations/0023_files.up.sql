-- Files: their content, the trash, and whose favourites they are.
ALTER TABLE files ADD COLUMN "blobId" text;
ALTER TABLE files ADD COLUMN sha256 text;
ALTER TABLE files ADD COLUMN "deletedAt" timestamptz;
ALTER TABLE files ADD COLUMN "deletedById" text REFERENCES users (id) ON DELETE SET NULL ON UPDATE CASCADE;
-- The folder with which it was deleted; null where it was deleted by itself.
ALTER TABLE files ADD COLUMN "deletedWith" text;
-- Rows of another back end have no content here.
ALTER TABLE files ADD CONSTRAINT "files_blobId_fkey" FOREIGN KEY ("tenantId", "blobId") REFERENCES blobs ("tenantId", id) ON UPDATE CASCADE;
CREATE UNIQUE INDEX "files_tenantId_id_key" ON files ("tenantId", id);
CREATE INDEX "files_tenantId_blobId_idx" ON files ("tenantId", "blobId");
CREATE INDEX "files_tenantId_ownerId_name_id_idx" ON files ("tenantId", "ownerId", name, id);
CREATE INDEX "files_tenantId_ownerId_updatedAt_id_idx" ON files ("tenantId", "ownerId", "updatedAt" DESC, id DESC);
CREATE INDEX "files_tenantId_folderId_name_id_idx" ON files ("tenantId", "folderId", name, id);
CREATE INDEX "files_deletedById_idx" ON files ("deletedById");
CREATE INDEX "files_tenantId_deletedAt_idx" ON files ("tenantId", "deletedAt") WHERE "deletedAt" IS NOT NULL;

-- The column of the shared table says it of the owner alone.
CREATE TABLE file_favorites (
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  "userId" text NOT NULL,
  "fileId" text NOT NULL,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT file_favorites_pkey PRIMARY KEY ("tenantId", "userId", "fileId"),
  CONSTRAINT "file_favorites_fileId_fkey" FOREIGN KEY ("tenantId", "fileId") REFERENCES files ("tenantId", id) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "file_favorites_userId_fkey" FOREIGN KEY ("userId") REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "file_favorites_tenantId_fileId_idx" ON file_favorites ("tenantId", "fileId");
CREATE INDEX "file_favorites_userId_idx" ON file_favorites ("userId");
INSERT INTO file_favorites ("tenantId", "userId", "fileId") SELECT "tenantId", "ownerId", id FROM files WHERE "isFavorite";

-- A file that goes for good, whoever removes it, lets go of its content and of the room that it took.
CREATE FUNCTION let_go_of_blob() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE blobs SET refs = refs - 1, "touchedAt" = now() WHERE "tenantId" = OLD."tenantId" AND id = OLD."blobId" AND refs > 0;
  UPDATE storage_usage SET bytes = GREATEST(bytes - OLD.size, 0)
  WHERE "tenantId" = OLD."tenantId" AND "userId" = '';
  UPDATE storage_usage SET bytes = GREATEST(bytes - OLD.size, 0)
  WHERE "tenantId" = OLD."tenantId" AND "userId" = OLD."ownerId";
  RETURN NULL;
END
$$;
CREATE TRIGGER files_let_go AFTER DELETE ON files FOR EACH ROW WHEN (OLD."blobId" IS NOT NULL) EXECUTE FUNCTION let_go_of_blob();

DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION let_go_of_blob() SET search_path = pg_catalog, %I, pg_temp', current_schema());
  REVOKE ALL ON FUNCTION let_go_of_blob() FROM PUBLIC;
END
$$;
