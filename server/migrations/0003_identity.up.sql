-- Sessions, secrets sent by mail, personal access tokens, the back-office realm, and what counts attempts and requests.

CREATE TABLE admins (
  id text NOT NULL,
  email text NOT NULL,
  username text NOT NULL,
  name text NOT NULL,
  password text NOT NULL,
  avatar text,
  status text NOT NULL DEFAULT 'ACTIVE',
  "lastLoginAt" timestamptz,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  "updatedAt" timestamptz NOT NULL DEFAULT now(),
  "deletedAt" timestamptz,
  CONSTRAINT admins_pkey PRIMARY KEY (id),
  CONSTRAINT admins_status_check CHECK (status IN ('ACTIVE', 'SUSPENDED'))
);
CREATE UNIQUE INDEX admins_email_key ON admins (lower(email));
CREATE UNIQUE INDEX admins_username_key ON admins (lower(username));

CREATE TABLE sessions (
  id text NOT NULL,
  realm text NOT NULL,
  "userId" text,
  "adminId" text,
  "tenantId" text,
  "userAgent" text,
  device text,
  ip text,
  nonce text NOT NULL,
  generation integer NOT NULL DEFAULT 0,
  rotations jsonb NOT NULL DEFAULT '[]',
  "accessTtl" integer NOT NULL,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  "lastSeenAt" timestamptz NOT NULL DEFAULT now(),
  "authenticatedAt" timestamptz NOT NULL DEFAULT now(),
  "expiresAt" timestamptz NOT NULL,
  "idleExpiresAt" timestamptz NOT NULL,
  "revokedAt" timestamptz,
  "revokedReason" text,
  CONSTRAINT sessions_pkey PRIMARY KEY (id),
  CONSTRAINT sessions_realm_check CHECK (realm IN ('user', 'admin')),
  -- One account, of the session's own realm.
  CONSTRAINT sessions_account_check CHECK (
    ("userId" IS NOT NULL) = (realm = 'user') AND ("adminId" IS NOT NULL) = (realm = 'admin')
  ),
  CONSTRAINT "sessions_userId_fkey" FOREIGN KEY ("userId") REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "sessions_adminId_fkey" FOREIGN KEY ("adminId") REFERENCES admins (id) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "sessions_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES tenants (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "sessions_userId_idx" ON sessions ("userId") WHERE "revokedAt" IS NULL;
CREATE INDEX "sessions_adminId_idx" ON sessions ("adminId") WHERE "revokedAt" IS NULL;
CREATE INDEX "sessions_tenantId_idx" ON sessions ("tenantId");
CREATE INDEX "sessions_expiresAt_idx" ON sessions ("expiresAt");

CREATE TABLE one_time_tokens (
  id text NOT NULL,
  "userId" text NOT NULL,
  purpose text NOT NULL,
  "tokenHash" text NOT NULL,
  email text NOT NULL,
  "expiresAt" timestamptz NOT NULL,
  "usedAt" timestamptz,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT one_time_tokens_pkey PRIMARY KEY (id),
  CONSTRAINT one_time_tokens_purpose_check CHECK (purpose IN ('reset', 'verify')),
  CONSTRAINT "one_time_tokens_userId_fkey" FOREIGN KEY ("userId") REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "one_time_tokens_tokenHash_key" ON one_time_tokens ("tokenHash");
CREATE INDEX "one_time_tokens_userId_purpose_idx" ON one_time_tokens ("userId", purpose);
CREATE INDEX "one_time_tokens_expiresAt_idx" ON one_time_tokens ("expiresAt");

CREATE TABLE personal_access_tokens (
  id text NOT NULL,
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  "userId" text NOT NULL,
  name text NOT NULL,
  hint text NOT NULL,
  "tokenHash" text NOT NULL,
  scopes text[] NOT NULL,
  "expiresAt" timestamptz,
  "lastUsedAt" timestamptz,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  "revokedAt" timestamptz,
  CONSTRAINT personal_access_tokens_pkey PRIMARY KEY (id),
  CONSTRAINT "personal_access_tokens_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES tenants (id)
    ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "personal_access_tokens_userId_fkey" FOREIGN KEY ("userId") REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "personal_access_tokens_tokenHash_key" ON personal_access_tokens ("tokenHash");
CREATE INDEX "personal_access_tokens_tenantId_userId_idx" ON personal_access_tokens ("tenantId", "userId");
CREATE INDEX "personal_access_tokens_userId_idx" ON personal_access_tokens ("userId");

CREATE TABLE throttles (
  key text NOT NULL,
  failures integer NOT NULL DEFAULT 0,
  "windowEndsAt" timestamptz NOT NULL,
  "lockedUntil" timestamptz,
  CONSTRAINT throttles_pkey PRIMARY KEY (key)
);
CREATE INDEX "throttles_windowEndsAt_idx" ON throttles ("windowEndsAt");

-- Counters of a minute: not worth the log. A crash empties the table and grants one window.
CREATE UNLOGGED TABLE rate_limits (
  key text NOT NULL,
  hits integer NOT NULL DEFAULT 0,
  "resetsAt" timestamptz NOT NULL,
  CONSTRAINT rate_limits_pkey PRIMARY KEY (key)
);
CREATE INDEX "rate_limits_resetsAt_idx" ON rate_limits ("resetsAt");

CREATE TABLE idempotency_keys (
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  actor text NOT NULL,
  key text NOT NULL,
  "requestHash" text NOT NULL,
  status integer,
  answer jsonb,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT idempotency_keys_pkey PRIMARY KEY ("tenantId", actor, key),
  CONSTRAINT "idempotency_keys_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES tenants (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "idempotency_keys_createdAt_idx" ON idempotency_keys ("createdAt");
