-- Nothing is lost: lists take longer.
DROP INDEX "files_tenantId_updatedAt_id_idx";
DROP INDEX "files_tenantId_name_id_idx";
DROP INDEX "files_tenantId_size_id_idx";
DROP INDEX "documents_tenantId_title_id_idx";
DROP INDEX "folders_tenantId_name_id_idx";
DROP INDEX "folders_tenantId_createdAt_id_idx";
DROP INDEX "folders_tenantId_updatedAt_id_idx";
DROP INDEX "folders_tenantId_deletedWith_idx";
DROP INDEX "mails_tenantId_state_createdAt_id_idx";
DROP INDEX "mails_tenantId_template_createdAt_id_idx";
DROP INDEX "users_name_id_idx";
DROP INDEX "users_deleted_idx";
DROP INDEX "teams_tenantId_name_id_idx";
DROP INDEX "users_status_id_idx";
DROP INDEX "sessions_userId_idx";
DROP INDEX "sessions_adminId_idx";
CREATE INDEX "sessions_userId_idx" ON sessions ("userId") WHERE "revokedAt" IS NULL;
CREATE INDEX "sessions_adminId_idx" ON sessions ("adminId") WHERE "revokedAt" IS NULL;
