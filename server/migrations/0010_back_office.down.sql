-- Sessions of impersonation would look like the person's own: they go.
DELETE FROM sessions WHERE "impersonatorId" IS NOT NULL;
DROP INDEX "sessions_impersonatorId_idx";
ALTER TABLE sessions DROP CONSTRAINT sessions_impersonator_check, DROP COLUMN reason, DROP COLUMN "impersonatorId";
