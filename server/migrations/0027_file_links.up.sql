-- Links by which anybody reads a thing without signing in, and who read what when.

-- A link is known by the hash of its secret. It ends with its maker's membership, and with what it leads to.
CREATE TABLE content_links (
  id text NOT NULL,
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  kind text NOT NULL,
  "itemId" text NOT NULL,
  "createdById" text NOT NULL,
  "tokenHash" text NOT NULL,
  "passwordHash" text,
  "expiresAt" timestamptz,
  "maxDownloads" int,
  downloads int NOT NULL DEFAULT 0,
  "revokedAt" timestamptz,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT content_links_pkey PRIMARY KEY (id),
  CONSTRAINT content_links_kind_check CHECK (kind IN ('folder', 'file')),
  CONSTRAINT content_links_downloads_check CHECK (downloads >= 0 AND downloads <= COALESCE("maxDownloads", downloads)),
  CONSTRAINT "content_links_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES tenants (id) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "content_links_createdById_fkey" FOREIGN KEY ("tenantId", "createdById") REFERENCES memberships ("tenantId", "userId") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "content_links_tokenHash_key" ON content_links ("tokenHash");
CREATE INDEX "content_links_tenantId_kind_itemId_idx" ON content_links ("tenantId", kind, "itemId");
CREATE INDEX "content_links_tenantId_createdById_idx" ON content_links ("tenantId", "createdById");

-- One row for each look and each download, forgotten after a time. A link may be gone before the row that names it.
CREATE TABLE content_accesses (
  id text NOT NULL,
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  kind text NOT NULL,
  "itemId" text NOT NULL,
  action text NOT NULL,
  -- Null for whoever came by a link, and for accounts that are gone.
  "userId" text,
  "linkId" text,
  -- Whose download by a link it is, as a hash: who goes on with it is not counted again.
  client text,
  ip text NOT NULL,
  "userAgent" text NOT NULL,
  "accessedAt" timestamptz NOT NULL DEFAULT now(),
  -- When its last part was asked for.
  "seenAt" timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT content_accesses_pkey PRIMARY KEY (id),
  CONSTRAINT content_accesses_kind_check CHECK (kind IN ('folder', 'file')),
  CONSTRAINT content_accesses_action_check CHECK (action IN ('view', 'download')),
  CONSTRAINT "content_accesses_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES tenants (id) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "content_accesses_userId_fkey" FOREIGN KEY ("userId") REFERENCES users (id) ON DELETE SET NULL ON UPDATE CASCADE
);
CREATE INDEX "content_accesses_tenantId_kind_itemId_accessedAt_id_idx" ON content_accesses ("tenantId", kind, "itemId", "accessedAt" DESC, id DESC);
CREATE INDEX "content_accesses_tenantId_accessedAt_idx" ON content_accesses ("tenantId", "accessedAt");
CREATE INDEX "content_accesses_tenantId_linkId_client_idx" ON content_accesses ("tenantId", "linkId", client) WHERE client IS NOT NULL;
CREATE INDEX "content_accesses_userId_idx" ON content_accesses ("userId");

CREATE FUNCTION end_content_links() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM content_links WHERE "tenantId" = OLD."tenantId" AND kind = TG_ARGV[0] AND "itemId" = OLD.id;
  DELETE FROM content_accesses WHERE "tenantId" = OLD."tenantId" AND kind = TG_ARGV[0] AND "itemId" = OLD.id;
  RETURN NULL;
END
$$;
CREATE TRIGGER folders_unlinked AFTER DELETE ON folders FOR EACH ROW EXECUTE FUNCTION end_content_links('folder');
CREATE TRIGGER files_unlinked AFTER DELETE ON files FOR EACH ROW EXECUTE FUNCTION end_content_links('file');

DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION end_content_links() SET search_path = pg_catalog, %I, pg_temp', current_schema());
  REVOKE ALL ON FUNCTION end_content_links() FROM PUBLIC;
END
$$;
