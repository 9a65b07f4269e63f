-- Every mail the server means to send, with what became of it.

CREATE TABLE mails (
  id text NOT NULL,
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  template text,
  locale text NOT NULL,
  subject text NOT NULL,
  recipients text[] NOT NULL,
  "from" text NOT NULL,
  html text,
  text text,
  -- The encrypted content of a mail that carries a live secret; html and text stay empty then.
  sealed text,
  state text NOT NULL DEFAULT 'queued',
  attempts integer NOT NULL DEFAULT 0,
  "lastError" text,
  "providerAnswer" text,
  "messageId" text,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  "sentAt" timestamptz,
  CONSTRAINT mails_pkey PRIMARY KEY (id),
  CONSTRAINT mails_state_check CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'outbox', 'cancelled')),
  CONSTRAINT "mails_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES tenants (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "mails_tenantId_createdAt_id_idx" ON mails ("tenantId", "createdAt" DESC, id DESC);
