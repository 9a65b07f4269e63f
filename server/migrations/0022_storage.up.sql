-- Where tenants keep their files, what is kept, and how much of it is whose.

-- Storage that a tenant brings. A row never changes: what lies there is found by it when the tenant has long chosen another one.
CREATE TABLE storages (
  id text NOT NULL,
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  provider text NOT NULL,
  -- Without its secret, which is sealed apart.
  settings jsonb NOT NULL,
  sealed text NOT NULL,
  -- New files go to this one; to the installation's own where there is none.
  current boolean NOT NULL DEFAULT true,
  "createdById" text,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT storages_pkey PRIMARY KEY (id),
  CONSTRAINT storages_provider_check CHECK (provider IN ('s3', 'azure')),
  CONSTRAINT "storages_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES tenants (id) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "storages_createdById_fkey" FOREIGN KEY ("createdById") REFERENCES users (id) ON DELETE SET NULL ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "storages_tenantId_id_key" ON storages ("tenantId", id);
CREATE UNIQUE INDEX "storages_tenantId_current_key" ON storages ("tenantId") WHERE current;
CREATE INDEX "storages_createdById_idx" ON storages ("createdById");

-- Bytes under a key. A row is there before the first byte and goes after the last: nothing is kept that no row knows.
CREATE TABLE blobs (
  id text NOT NULL,
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  state text NOT NULL DEFAULT 'arriving',
  -- Of the installation's own storages the one; null for one that the tenant brought.
  provider text,
  "storageId" text,
  -- While it arrives: what is reserved for it, and on whose account.
  bytes bigint NOT NULL DEFAULT 0,
  "userId" text NOT NULL DEFAULT '',
  sha256 text,
  refs integer NOT NULL DEFAULT 0,
  -- Whether a small picture lies beside it, may lie there, or cannot be made.
  thumbnail text,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  -- When it last grew, or when the last one let go of it.
  "touchedAt" timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT blobs_pkey PRIMARY KEY (id),
  CONSTRAINT blobs_state_check CHECK (state IN ('arriving', 'kept')),
  CONSTRAINT blobs_provider_check CHECK (provider IN ('disk', 's3', 'azure')),
  CONSTRAINT blobs_place_check CHECK ((provider IS NULL) <> ("storageId" IS NULL)),
  CONSTRAINT blobs_thumbnail_check CHECK (thumbnail IN ('making', 'made', 'none')),
  CONSTRAINT blobs_refs_check CHECK (refs >= 0),
  CONSTRAINT "blobs_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES tenants (id) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "blobs_storageId_fkey" FOREIGN KEY ("tenantId", "storageId") REFERENCES storages ("tenantId", id) ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "blobs_tenantId_id_key" ON blobs ("tenantId", id);
CREATE INDEX "blobs_tenantId_sha256_idx" ON blobs ("tenantId", sha256) WHERE state = 'kept' AND refs > 0;
CREATE INDEX "blobs_tenantId_storageId_idx" ON blobs ("tenantId", "storageId");
-- The look for what nobody has.
CREATE INDEX "blobs_forsaken_idx" ON blobs ("touchedAt") WHERE refs = 0;

-- How many bytes each person, and the tenant as a whole (under no person), has or has reserved.
CREATE TABLE storage_usage (
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  "userId" text NOT NULL,
  bytes bigint NOT NULL,
  CONSTRAINT storage_usage_pkey PRIMARY KEY ("tenantId", "userId"),
  CONSTRAINT "storage_usage_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES tenants (id) ON DELETE CASCADE ON UPDATE CASCADE
);

-- Bytes of tenants that are gone, in the installation's own storage: what the sweep has still to remove.
CREATE TABLE left_blobs (
  key text NOT NULL,
  provider text NOT NULL,
  "leftAt" timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT left_blobs_pkey PRIMARY KEY (key)
);

CREATE FUNCTION leave_blob() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO left_blobs (key, provider)
  SELECT 't/' || OLD."tenantId" || '/' || one.id, OLD.provider
  FROM (VALUES (OLD.id, true), ('thumbnail-' || OLD.id, OLD.thumbnail IS NOT NULL)) one (id, is_there)
  WHERE one.is_there AND NOT EXISTS (SELECT 1 FROM tenants WHERE id = OLD."tenantId")
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END
$$;
CREATE TRIGGER blobs_leave AFTER DELETE ON blobs FOR EACH ROW WHEN (OLD.provider IS NOT NULL) EXECUTE FUNCTION leave_blob();

DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION leave_blob() SET search_path = pg_catalog, %I, pg_temp', current_schema());
  REVOKE ALL ON FUNCTION leave_blob() FROM PUBLIC;
END
$$;
