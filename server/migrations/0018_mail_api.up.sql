-- Mail that people send: several recipients with what became of each, tries, attachments, and how much was sent.

ALTER TABLE mails
  ADD COLUMN "replyTo" text,
  -- Who had it sent; null for what the product writes by itself.
  ADD COLUMN "sentBy" text,
  -- Whether the content is kept sealed only, and gone once the mail was sent or given up.
  ADD COLUMN secret boolean NOT NULL DEFAULT false,
  -- The job that delivers it.
  ADD COLUMN "jobId" text,
  -- Since when it waits for its server: later than "createdAt" when somebody had it tried again.
  ADD COLUMN "queuedAt" timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN "contentDeletedAt" timestamptz,
  DROP CONSTRAINT mails_state_check,
  ADD CONSTRAINT mails_state_check
    CHECK (state IN ('queued', 'sending', 'sent', 'partial', 'failed', 'outbox', 'cancelled')),
  ADD CONSTRAINT "mails_sentBy_fkey" FOREIGN KEY ("sentBy") REFERENCES users (id) ON DELETE SET NULL ON UPDATE CASCADE;
UPDATE mails SET "queuedAt" = "createdAt", secret = sealed IS NOT NULL
  OR (state <> 'outbox' AND template IN
    ('verify_email', 'password_reset', 'account_invitation', 'tenant_invitation', 'confirm_address'));
CREATE UNIQUE INDEX "mails_tenantId_id_key" ON mails ("tenantId", id);
CREATE INDEX "mails_sentBy_idx" ON mails ("sentBy");
-- The daily look for mail whose content is not kept any more.
CREATE INDEX "mails_kept_idx" ON mails ("createdAt") WHERE "contentDeletedAt" IS NULL;

CREATE TABLE mail_recipients (
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  "mailId" text NOT NULL,
  -- From 1, over all kinds.
  position integer NOT NULL,
  kind text NOT NULL,
  address text NOT NULL,
  name text NOT NULL DEFAULT '',
  state text NOT NULL DEFAULT 'waiting',
  -- What the mail server said about this recipient last.
  answer text,
  "settledAt" timestamptz,
  CONSTRAINT mail_recipients_pkey PRIMARY KEY ("tenantId", "mailId", position),
  CONSTRAINT mail_recipients_kind_check CHECK (kind IN ('to', 'cc', 'bcc')),
  CONSTRAINT mail_recipients_state_check CHECK (state IN ('waiting', 'accepted', 'refused', 'failed')),
  CONSTRAINT "mail_recipients_mailId_fkey" FOREIGN KEY ("tenantId", "mailId") REFERENCES mails ("tenantId", id)
    ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "mail_recipients_tenantId_address_idx" ON mail_recipients ("tenantId", lower(address));
INSERT INTO mail_recipients ("tenantId", "mailId", position, kind, address, name, state, answer, "settledAt")
  SELECT mails."tenantId", mails.id, each.position, 'to', each.address, COALESCE(each.name, ''),
    CASE mails.state WHEN 'sent' THEN 'accepted' WHEN 'failed' THEN 'failed' WHEN 'cancelled' THEN 'failed' ELSE 'waiting' END,
    mails."providerAnswer", mails."sentAt"
  FROM mails CROSS JOIN LATERAL unnest(mails.recipients, mails."recipientNames") WITH ORDINALITY each (address, name, position)
  WHERE each.address IS NOT NULL;
ALTER TABLE mails DROP COLUMN "recipientNames";

-- Each time a mail was handed to the mail server. Without an end the process died on the way.
CREATE TABLE mail_attempts (
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  "mailId" text NOT NULL,
  -- From 1.
  number integer NOT NULL,
  "startedAt" timestamptz NOT NULL DEFAULT now(),
  "endedAt" timestamptz,
  outcome text,
  answer text,
  error text,
  CONSTRAINT mail_attempts_pkey PRIMARY KEY ("tenantId", "mailId", number),
  CONSTRAINT mail_attempts_outcome_check CHECK (outcome IN ('accepted', 'partial', 'deferred', 'refused')),
  CONSTRAINT "mail_attempts_mailId_fkey" FOREIGN KEY ("tenantId", "mailId") REFERENCES mails ("tenantId", id)
    ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE mail_attachments (
  id text NOT NULL,
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  -- Null while it arrives: what no mail takes is removed.
  "mailId" text,
  position integer NOT NULL DEFAULT 0,
  name text NOT NULL,
  type text NOT NULL,
  bytes integer NOT NULL,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT mail_attachments_pkey PRIMARY KEY (id),
  CONSTRAINT "mail_attachments_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES tenants (id) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "mail_attachments_mailId_fkey" FOREIGN KEY ("tenantId", "mailId") REFERENCES mails ("tenantId", id)
    ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "mail_attachments_tenantId_id_key" ON mail_attachments ("tenantId", id);
CREATE INDEX "mail_attachments_tenantId_mailId_idx" ON mail_attachments ("tenantId", "mailId");
CREATE INDEX "mail_attachments_arriving_idx" ON mail_attachments ("createdAt") WHERE "mailId" IS NULL;

CREATE TABLE mail_attachment_chunks (
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  "attachmentId" text NOT NULL,
  -- From 0.
  position integer NOT NULL,
  content bytea NOT NULL,
  CONSTRAINT mail_attachment_chunks_pkey PRIMARY KEY ("tenantId", "attachmentId", position),
  CONSTRAINT "mail_attachment_chunks_attachmentId_fkey" FOREIGN KEY ("tenantId", "attachmentId")
    REFERENCES mail_attachments ("tenantId", id) ON DELETE CASCADE ON UPDATE CASCADE
);

-- How much was sent in the window that is open: by a tenant, and from it to one address.
CREATE TABLE mail_counters (
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  key text NOT NULL,
  hits integer NOT NULL,
  "resetsAt" timestamptz NOT NULL,
  CONSTRAINT mail_counters_pkey PRIMARY KEY ("tenantId", key),
  CONSTRAINT "mail_counters_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES tenants (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "mail_counters_resetsAt_idx" ON mail_counters ("resetsAt");
