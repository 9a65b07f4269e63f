COMMENT ON COLUMN mails.sealed IS NULL;
ALTER TABLE mails DROP COLUMN "expiresAt", DROP COLUMN "recipientNames";
