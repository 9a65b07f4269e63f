-- Shares of folders and files, revisions and views are lost; what is in the trash is there again.
DROP TABLE document_views;
DROP TABLE document_revisions;
DROP INDEX "document_shares_tenantId_teamId_idx";
DROP TRIGGER folders_left ON folders;
DROP FUNCTION leave_folder();
ALTER TABLE documents DROP CONSTRAINT "documents_folderId_fkey";
DROP INDEX "documents_tenantId_id_key";
ALTER TABLE documents DROP COLUMN "savedAt", DROP COLUMN "savedById", DROP COLUMN revision, DROP COLUMN "deletedWith",
  DROP COLUMN "deletedById", DROP COLUMN "deletedAt", DROP COLUMN "folderId";
DROP INDEX "documents_tenantId_ownerId_updatedAt_id_idx";
DROP INDEX "documents_tenantId_teamId_updatedAt_id_idx";
DROP TRIGGER memberships_teams_left ON memberships;
DROP FUNCTION leave_teams();
DROP TRIGGER files_unshared ON files;
DROP TRIGGER folders_unshared ON folders;
DROP FUNCTION end_content_shares();
DROP TABLE content_shares;
DROP TRIGGER folders_moved ON folders;
DROP FUNCTION replace_folder();
DROP TRIGGER folders_placed ON folders;
DROP FUNCTION place_folder();
DROP INDEX "folders_tenantId_id_key";
DROP INDEX "folders_tenantId_ownerId_parentId_idx";
DROP INDEX "folders_tenantId_teamId_idx";
ALTER TABLE folders DROP COLUMN "deletedWith", DROP COLUMN "deletedById", DROP COLUMN "deletedAt", DROP COLUMN "idPath";
-- Several folders at one path: all but the oldest get their id behind it.
UPDATE folders SET path = path || ' ' || id WHERE EXISTS (
  SELECT FROM folders other
  WHERE other."tenantId" = folders."tenantId" AND other.path = folders.path AND (other."createdAt", other.id) < (folders."createdAt", folders.id)
);
CREATE UNIQUE INDEX "folders_tenantId_path_key" ON folders ("tenantId", path);
DROP INDEX "teams_tenantId_id_key";
ALTER TABLE team_members DROP COLUMN level;
