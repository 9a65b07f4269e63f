-- Which tenant administers an account, and pictures of accounts.

ALTER TABLE users
  ADD COLUMN "homeTenantId" text DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  ADD CONSTRAINT "users_homeTenantId_fkey" FOREIGN KEY ("homeTenantId") REFERENCES tenants (id) ON DELETE SET NULL ON UPDATE CASCADE;
CREATE INDEX "users_homeTenantId_idx" ON users ("homeTenantId");

CREATE TABLE avatars (
  id text NOT NULL,
  "userId" text,
  "adminId" text,
  type text NOT NULL,
  bytes bytea NOT NULL,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT avatars_pkey PRIMARY KEY (id),
  CONSTRAINT avatars_owner_check CHECK (num_nonnulls("userId", "adminId") = 1),
  CONSTRAINT "avatars_userId_fkey" FOREIGN KEY ("userId") REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "avatars_adminId_fkey" FOREIGN KEY ("adminId") REFERENCES admins (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "avatars_userId_key" ON avatars ("userId");
CREATE UNIQUE INDEX "avatars_adminId_key" ON avatars ("adminId");

-- Attempts that are being checked count as well, so that a lock comes after exactly the configured number, however many
-- arrive at once; one whose process died is forgotten after a while.
ALTER TABLE throttles
  ADD COLUMN pending integer NOT NULL DEFAULT 0,
  ADD COLUMN "pendingSince" timestamptz;

ALTER TABLE sessions
  DROP COLUMN "accessTtl",
  ALTER COLUMN rotations SET DEFAULT '{}';
