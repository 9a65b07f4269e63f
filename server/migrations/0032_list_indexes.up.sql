-- Indexes in the order of lists that were sorted anew for each page, and for what a filter finds seldom. Of names and titles the
-- beginning: other back ends write them at any length, and an index takes 2,700 bytes.
CREATE INDEX "files_tenantId_updatedAt_id_idx" ON files ("tenantId", "updatedAt" DESC, id DESC) WHERE "deletedAt" IS NULL;
CREATE INDEX "files_tenantId_name_id_idx" ON files ("tenantId", left(name, 200), id) WHERE "deletedAt" IS NULL;
CREATE INDEX "files_tenantId_size_id_idx" ON files ("tenantId", size, id) WHERE "deletedAt" IS NULL;
CREATE INDEX "files_tenantId_folderId_updatedAt_id_idx" ON files ("tenantId", "folderId", "updatedAt" DESC, id DESC);
DROP INDEX "files_tenantId_folderId_idx"; -- the beginning of "files_tenantId_folderId_name_id_idx"
CREATE INDEX "documents_tenantId_title_id_idx" ON documents ("tenantId", left(title, 200), id) WHERE "deletedAt" IS NULL;
CREATE INDEX "folders_tenantId_name_id_idx" ON folders ("tenantId", left(name, 200), id) WHERE "parentId" IS NULL AND "deletedAt" IS NULL;
CREATE INDEX "folders_tenantId_createdAt_id_idx" ON folders ("tenantId", "createdAt", id) WHERE "parentId" IS NULL AND "deletedAt" IS NULL;
CREATE INDEX "folders_tenantId_updatedAt_id_idx" ON folders ("tenantId", "updatedAt", id) WHERE "parentId" IS NULL AND "deletedAt" IS NULL;
CREATE INDEX "folders_tenantId_deletedWith_idx" ON folders ("tenantId", "deletedWith") WHERE "deletedWith" IS NOT NULL;
CREATE INDEX "mails_tenantId_state_createdAt_id_idx" ON mails ("tenantId", state, "createdAt" DESC, id DESC);
CREATE INDEX "mails_tenantId_template_createdAt_id_idx" ON mails ("tenantId", template, "createdAt" DESC, id DESC);
CREATE INDEX "users_name_id_idx" ON users (left(name, 200), id) WHERE "deletedAt" IS NULL;
CREATE INDEX "users_deleted_idx" ON users (id) WHERE "deletedAt" IS NOT NULL;
CREATE INDEX "teams_tenantId_name_id_idx" ON teams ("tenantId", left(name, 200), id);
CREATE INDEX "users_status_id_idx" ON users (status, id) WHERE "deletedAt" IS NULL;
-- Also those that ended: a sign-in looks for a device among all of them, and so does the end of an account.
-- Readers are shut out for the exchange of names alone.
CREATE INDEX "sessions_userId_all_idx" ON sessions ("userId");
CREATE INDEX "sessions_adminId_all_idx" ON sessions ("adminId") WHERE "adminId" IS NOT NULL;
DROP INDEX "sessions_userId_idx";
DROP INDEX "sessions_adminId_idx";
ALTER INDEX "sessions_userId_all_idx" RENAME TO "sessions_userId_idx";
ALTER INDEX "sessions_adminId_all_idx" RENAME TO "sessions_adminId_idx";
