-- Mails as a tenant words them: in the place of the product's templates, and templates of its own.

CREATE TABLE mail_templates (
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  name text NOT NULL,
  locale text NOT NULL,
  subject text NOT NULL,
  html text NOT NULL,
  -- Null: made from the HTML.
  text text,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  "updatedAt" timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT mail_templates_pkey PRIMARY KEY ("tenantId", name, locale),
  CONSTRAINT mail_templates_name_check CHECK (name ~ '^[a-z][a-z0-9_]{0,49}$'),
  CONSTRAINT "mail_templates_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES tenants (id) ON DELETE CASCADE ON UPDATE CASCADE
);
