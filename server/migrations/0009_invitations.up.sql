-- Invitations to tenants: bound to an address or open to whoever has the link, and who came by which.

CREATE TABLE invitations (
  id text NOT NULL,
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  -- Null: an open link.
  email text,
  level text NOT NULL,
  -- Empty: the role that comes with the level.
  "roleIds" text[] NOT NULL DEFAULT '{}',
  "tokenHash" text NOT NULL,
  "maxUses" integer NOT NULL DEFAULT 1,
  uses integer NOT NULL DEFAULT 0,
  -- How often a secret was given out for it.
  sends integer NOT NULL DEFAULT 1,
  "sentAt" timestamptz NOT NULL DEFAULT now(),
  "invitedBy" text,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  "expiresAt" timestamptz NOT NULL,
  "revokedAt" timestamptz,
  CONSTRAINT invitations_pkey PRIMARY KEY (id),
  CONSTRAINT invitations_level_check CHECK (level IN ('OWNER', 'ADMIN', 'MEMBER')),
  CONSTRAINT invitations_uses_check CHECK (uses BETWEEN 0 AND "maxUses" AND (email IS NULL OR "maxUses" = 1)),
  CONSTRAINT "invitations_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES tenants (id) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "invitations_invitedBy_fkey" FOREIGN KEY ("invitedBy") REFERENCES users (id) ON DELETE SET NULL ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "invitations_tokenHash_key" ON invitations ("tokenHash");
CREATE UNIQUE INDEX "invitations_tenantId_id_key" ON invitations ("tenantId", id);
CREATE INDEX "invitations_tenantId_createdAt_id_idx" ON invitations ("tenantId", "createdAt" DESC, id DESC);
CREATE INDEX "invitations_tenantId_sentAt_idx" ON invitations ("tenantId", "sentAt");
CREATE INDEX "invitations_tenantId_email_idx" ON invitations ("tenantId", email);
CREATE INDEX "invitations_invitedBy_idx" ON invitations ("invitedBy");

CREATE TABLE invitation_uses (
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  "invitationId" text NOT NULL,
  "userId" text NOT NULL,
  "usedAt" timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT invitation_uses_pkey PRIMARY KEY ("tenantId", "invitationId", "userId"),
  CONSTRAINT "invitation_uses_invitationId_fkey" FOREIGN KEY ("tenantId", "invitationId") REFERENCES invitations ("tenantId", id)
    ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "invitation_uses_userId_fkey" FOREIGN KEY ("userId") REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "invitation_uses_userId_idx" ON invitation_uses ("userId");

-- The daily look for deleted tenants whose time is over.
CREATE INDEX "tenants_deletedAt_idx" ON tenants ("deletedAt") WHERE "deletedAt" IS NOT NULL;
