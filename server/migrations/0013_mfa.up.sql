-- Second factors: authenticator apps, recovery codes, what a session was opened with, and roles that require one.

-- What proved the person when the session was opened (RFC 8176).
ALTER TABLE sessions ADD COLUMN amr text[] NOT NULL DEFAULT '{pwd}';

-- Since when whoever holds the role needs a second factor; null: they do not.
ALTER TABLE roles ADD COLUMN "mfaRequiredSince" timestamptz;

-- How often a name was locked in a row.
ALTER TABLE throttles ADD COLUMN locks integer NOT NULL DEFAULT 0;

CREATE TABLE mfa_factors (
  id text NOT NULL,
  "userId" text NOT NULL,
  name text NOT NULL,
  -- Sealed: the server's key opens it, and nothing in the database does.
  secret text NOT NULL,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  -- Null: the first code is still to come.
  "confirmedAt" timestamptz,
  "lastUsedAt" timestamptz,
  -- The time step of the last accepted code: no code of it or of an earlier one is accepted again.
  "lastStep" bigint,
  CONSTRAINT mfa_factors_pkey PRIMARY KEY (id),
  CONSTRAINT "mfa_factors_userId_fkey" FOREIGN KEY ("userId") REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "mfa_factors_userId_idx" ON mfa_factors ("userId");
-- One enrolment at a time.
CREATE UNIQUE INDEX "mfa_factors_pending_key" ON mfa_factors ("userId") WHERE "confirmedAt" IS NULL;

CREATE TABLE recovery_codes (
  "userId" text NOT NULL,
  "codeHash" text NOT NULL,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  "usedAt" timestamptz,
  CONSTRAINT recovery_codes_pkey PRIMARY KEY ("userId", "codeHash"),
  CONSTRAINT "recovery_codes_userId_fkey" FOREIGN KEY ("userId") REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE
);

-- Sign-ins whose password was right and whose second factor is still to come.
CREATE TABLE mfa_challenges (
  "tokenHash" text NOT NULL,
  "userId" text NOT NULL,
  -- The tenant in which the session will be.
  "tenantId" text NOT NULL,
  base text NOT NULL,
  -- A password that changes meanwhile makes it worthless.
  "passwordVersion" text,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  "expiresAt" timestamptz NOT NULL,
  CONSTRAINT mfa_challenges_pkey PRIMARY KEY ("tokenHash"),
  CONSTRAINT "mfa_challenges_userId_fkey" FOREIGN KEY ("userId") REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "mfa_challenges_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES tenants (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "mfa_challenges_userId_idx" ON mfa_challenges ("userId");
CREATE INDEX "mfa_challenges_tenantId_idx" ON mfa_challenges ("tenantId");
CREATE INDEX "mfa_challenges_expiresAt_idx" ON mfa_challenges ("expiresAt");
