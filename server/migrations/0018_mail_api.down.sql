-- Attachments and the tries of mails are lost. Of a mail to several people the first one stays a recipient of what is still to be
-- sent; a mail that some of its recipients did not get counts as failed.

ALTER TABLE mails ADD COLUMN "recipientNames" text[] NOT NULL DEFAULT '{}';
UPDATE mails SET "recipientNames" = COALESCE(
  (SELECT array_agg(one.name ORDER BY one.position) FROM mail_recipients one
    WHERE one."tenantId" = mails."tenantId" AND one."mailId" = mails.id), '{}');
UPDATE mails SET state = 'failed' WHERE state = 'partial';

DROP TABLE mail_counters;
DROP TABLE mail_attachment_chunks;
DROP TABLE mail_attachments;
DROP TABLE mail_attempts;
DROP TABLE mail_recipients;

DROP INDEX "mails_kept_idx";
DROP INDEX "mails_sentBy_idx";
DROP INDEX "mails_tenantId_id_key";
ALTER TABLE mails
  DROP CONSTRAINT "mails_sentBy_fkey",
  DROP CONSTRAINT mails_state_check,
  ADD CONSTRAINT mails_state_check CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'outbox', 'cancelled')),
  DROP COLUMN "contentDeletedAt",
  DROP COLUMN "queuedAt",
  DROP COLUMN "jobId",
  DROP COLUMN secret,
  DROP COLUMN "sentBy",
  DROP COLUMN "replyTo";
