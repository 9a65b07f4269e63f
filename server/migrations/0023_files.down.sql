-- What is in the trash is listed again; files lose their content, whose blobs stay, and favourites of others than the owner.
DROP TRIGGER files_let_go ON files;
DROP FUNCTION let_go_of_blob();
UPDATE files SET "isFavorite" = EXISTS (SELECT 1 FROM file_favorites f WHERE f."fileId" = files.id AND f."userId" = files."ownerId");
DROP TABLE file_favorites;
ALTER TABLE files DROP CONSTRAINT "files_blobId_fkey";
DROP INDEX "files_tenantId_id_key", "files_tenantId_blobId_idx", "files_tenantId_ownerId_name_id_idx",
  "files_tenantId_ownerId_updatedAt_id_idx", "files_tenantId_folderId_name_id_idx", "files_deletedById_idx", "files_tenantId_deletedAt_idx";
ALTER TABLE files DROP COLUMN "blobId", DROP COLUMN sha256, DROP COLUMN "deletedAt", DROP COLUMN "deletedById", DROP COLUMN "deletedWith";
