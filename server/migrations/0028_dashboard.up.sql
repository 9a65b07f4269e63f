-- The dashboard: figures by the day, kept so that reading them does not read what they count.

-- Sums of changes, exact at any time: `items` of a kind that came on a day (UTC) and are still there. Kinds member, document, file,
-- share and activity are written by the triggers below; operation, signIn, visitor and visitors30 by a job, of days that are over.
CREATE TABLE daily_totals (
  id bigint GENERATED ALWAYS AS IDENTITY,
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  kind text NOT NULL,
  -- Of files their content type, of shares what is shared.
  type text NOT NULL DEFAULT '',
  day date NOT NULL,
  items bigint NOT NULL,
  bytes bigint NOT NULL DEFAULT 0,
  CONSTRAINT daily_totals_pkey PRIMARY KEY (id),
  CONSTRAINT "daily_totals_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES tenants (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "daily_totals_tenantId_kind_day_idx" ON daily_totals ("tenantId", kind, day);

-- Up to which day the job has counted. What came later is counted where it is read.
CREATE TABLE daily_counts (
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  through date,
  CONSTRAINT daily_counts_pkey PRIMARY KEY ("tenantId"),
  CONSTRAINT "daily_counts_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES tenants (id) ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE INDEX "documents_tenantId_views_id_idx" ON documents ("tenantId", views DESC, id) WHERE "deletedAt" IS NULL;
-- Of one item, whoever it is shared with: what its deletion looks for, and its page.
CREATE INDEX "content_shares_tenantId_kind_itemId_idx" ON content_shares ("tenantId", kind, "itemId");
CREATE INDEX "activity_logs_tenantId_actorId_createdAt_idx" ON activity_logs ("tenantId", "actorId", "createdAt" DESC);

-- The next three functions work as the owner of the tables (SECURITY DEFINER), since what goes with something else goes as the
-- owner, and in whatever tenant. They take no argument from a caller. `app.maintenance` opens the owner's own policy for as long as
-- they run.

-- Adds what came, or takes away what went. A tenant that is being deleted takes its totals along.
CREATE FUNCTION count_daily() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  outside text := COALESCE(current_setting('app.maintenance', true), '');
  sign int := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
  PERFORM set_config('app.maintenance', 'on', true);
  IF TG_TABLE_NAME = 'files' THEN
    INSERT INTO daily_totals ("tenantId", kind, type, day, items, bytes)
    SELECT one."tenantId", 'file', one."mimeType", one."createdAt"::date, sign * count(*), sign * sum(one.size) FROM changed one
    WHERE one."deletedAt" IS NULL AND EXISTS (SELECT FROM tenants WHERE id = one."tenantId") GROUP BY 1, 3, 4;
  ELSIF TG_TABLE_NAME = 'documents' THEN
    INSERT INTO daily_totals ("tenantId", kind, day, items)
    SELECT one."tenantId", 'document', one."createdAt"::date, sign * count(*) FROM changed one
    WHERE one."deletedAt" IS NULL AND EXISTS (SELECT FROM tenants WHERE id = one."tenantId") GROUP BY 1, 3;
  ELSIF TG_TABLE_NAME = 'document_shares' THEN
    INSERT INTO daily_totals ("tenantId", kind, type, day, items)
    SELECT one."tenantId", 'share', 'document', one."createdAt"::date, sign * count(*) FROM changed one
    WHERE EXISTS (SELECT FROM tenants WHERE id = one."tenantId") GROUP BY 1, 4;
  ELSIF TG_TABLE_NAME = 'content_shares' THEN
    INSERT INTO daily_totals ("tenantId", kind, type, day, items)
    SELECT one."tenantId", 'share', one.kind, (one."createdAt" AT TIME ZONE 'UTC')::date, sign * count(*) FROM changed one
    WHERE EXISTS (SELECT FROM tenants WHERE id = one."tenantId") GROUP BY 1, 3, 4;
  ELSIF TG_TABLE_NAME = 'memberships' THEN
    INSERT INTO daily_totals ("tenantId", kind, day, items)
    SELECT one."tenantId", 'member', (one."joinedAt" AT TIME ZONE 'UTC')::date, sign * count(*) FROM changed one
    WHERE EXISTS (SELECT FROM tenants WHERE id = one."tenantId") GROUP BY 1, 3;
  ELSE
    INSERT INTO daily_totals ("tenantId", kind, day, items)
    SELECT one."tenantId", 'activity', one."createdAt"::date, sign * count(*) FROM changed one
    WHERE EXISTS (SELECT FROM tenants WHERE id = one."tenantId") GROUP BY 1, 3;
  END IF;

  -- Now and then the changes of a kind become one row for each day. Rows that another writer folds are left to it.
  IF random() < 1.0 / 64 AND current_setting('transaction_isolation') = 'read committed' THEN
    WITH folded AS (
      DELETE FROM daily_totals WHERE id IN (
        SELECT total.id FROM daily_totals total
        WHERE total."tenantId" IN (SELECT changed."tenantId" FROM changed JOIN tenants ON tenants.id = changed."tenantId")
          AND total.kind IN ('member', 'document', 'file', 'share', 'activity')
        FOR UPDATE SKIP LOCKED
      )
      RETURNING "tenantId", kind, type, day, items, bytes
    )
    INSERT INTO daily_totals ("tenantId", kind, type, day, items, bytes)
    SELECT one."tenantId", one.kind, one.type, one.day, sum(one.items), sum(one.bytes) FROM folded one
    GROUP BY one."tenantId", one.kind, one.type, one.day HAVING sum(one.items) <> 0 OR sum(one.bytes) <> 0;
  END IF;
  PERFORM set_config('app.maintenance', outside, true);
  RETURN NULL;
END
$$;

-- Into the trash and back, and another type, size or day.
CREATE FUNCTION recount_file() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  outside text := COALESCE(current_setting('app.maintenance', true), '');
BEGIN
  PERFORM set_config('app.maintenance', 'on', true);
  INSERT INTO daily_totals ("tenantId", kind, type, day, items, bytes)
  SELECT one."tenantId", 'file', one.type, one.day, one.sign, one.sign * one.size FROM (VALUES
    (OLD."tenantId", OLD."mimeType", OLD."createdAt"::date, -1, OLD.size, OLD."deletedAt" IS NULL),
    (NEW."tenantId", NEW."mimeType", NEW."createdAt"::date, 1, NEW.size, NEW."deletedAt" IS NULL)
  ) one ("tenantId", type, day, sign, size, counts) WHERE one.counts;
  PERFORM set_config('app.maintenance', outside, true);
  RETURN NULL;
END
$$;

CREATE FUNCTION recount_document() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  outside text := COALESCE(current_setting('app.maintenance', true), '');
BEGIN
  PERFORM set_config('app.maintenance', 'on', true);
  INSERT INTO daily_totals ("tenantId", kind, day, items)
  SELECT one."tenantId", 'document', one.day, one.sign FROM (VALUES
    (OLD."tenantId", OLD."createdAt"::date, -1, OLD."deletedAt" IS NULL),
    (NEW."tenantId", NEW."createdAt"::date, 1, NEW."deletedAt" IS NULL)
  ) one ("tenantId", day, sign, counts) WHERE one.counts;
  PERFORM set_config('app.maintenance', outside, true);
  RETURN NULL;
END
$$;

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['count_daily', 'recount_file', 'recount_document'] LOOP
    EXECUTE format('ALTER FUNCTION %I() SET search_path = pg_catalog, %I, pg_temp', name, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %I() FROM PUBLIC', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['memberships', 'documents', 'files', 'document_shares', 'content_shares', 'activity_logs'] LOOP
    EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON %I REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_daily()',
      name || '_counted_in', name);
    EXECUTE format('CREATE TRIGGER %I AFTER DELETE ON %I REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_daily()',
      name || '_counted_out', name);
  END LOOP;
END
$$;
CREATE TRIGGER files_recounted AFTER UPDATE OF "deletedAt", "mimeType", size, "createdAt", "tenantId" ON files FOR EACH ROW
  WHEN ((OLD."deletedAt" IS NULL, OLD."mimeType", OLD.size, OLD."createdAt", OLD."tenantId")
    IS DISTINCT FROM (NEW."deletedAt" IS NULL, NEW."mimeType", NEW.size, NEW."createdAt", NEW."tenantId"))
  EXECUTE FUNCTION recount_file();
CREATE TRIGGER documents_recounted AFTER UPDATE OF "deletedAt", "createdAt", "tenantId" ON documents FOR EACH ROW
  WHEN ((OLD."deletedAt" IS NULL, OLD."createdAt", OLD."tenantId")
    IS DISTINCT FROM (NEW."deletedAt" IS NULL, NEW."createdAt", NEW."tenantId"))
  EXECUTE FUNCTION recount_document();

INSERT INTO daily_totals ("tenantId", kind, type, day, items, bytes)
SELECT "tenantId", 'file', "mimeType", "createdAt"::date, count(*), sum(size) FROM files WHERE "deletedAt" IS NULL GROUP BY 1, 3, 4
UNION ALL SELECT "tenantId", 'document', '', "createdAt"::date, count(*), 0 FROM documents WHERE "deletedAt" IS NULL GROUP BY 1, 4
UNION ALL SELECT "tenantId", 'share', 'document', "createdAt"::date, count(*), 0 FROM document_shares GROUP BY 1, 4
UNION ALL SELECT "tenantId", 'share', kind, ("createdAt" AT TIME ZONE 'UTC')::date, count(*), 0 FROM content_shares GROUP BY 1, 3, 4
UNION ALL SELECT "tenantId", 'member', '', ("joinedAt" AT TIME ZONE 'UTC')::date, count(*), 0 FROM memberships GROUP BY 1, 4
UNION ALL SELECT "tenantId", 'activity', '', "createdAt"::date, count(*), 0 FROM activity_logs GROUP BY 1, 4;
