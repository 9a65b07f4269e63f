-- Events: facts, in one order for each tenant, and what of them subscribers still have to do.

-- Where each tenant's order ends. Its row is the lock of whoever numbers events.
CREATE TABLE event_heads (
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  seq bigint NOT NULL,
  -- The event with that number, which may have been forgotten since.
  "lastId" text NOT NULL,
  CONSTRAINT event_heads_pkey PRIMARY KEY ("tenantId"),
  CONSTRAINT "event_heads_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES tenants (id) ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE events (
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  id text NOT NULL,
  -- When it was written among all events; what commits later may have been written earlier.
  written bigint GENERATED ALWAYS AS IDENTITY,
  -- Its place in the tenant's order, given after COMMIT: without gaps, and never an earlier one after a later one was seen.
  seq bigint,
  name text NOT NULL,
  aggregate text NOT NULL,
  "aggregateId" text NOT NULL,
  payload jsonb NOT NULL,
  actor text NOT NULL,
  "actorId" text,
  "occurredAt" timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT events_pkey PRIMARY KEY ("tenantId", id),
  CONSTRAINT "events_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES tenants (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "events_tenantId_seq_key" ON events ("tenantId", seq);
CREATE INDEX "events_tenantId_occurredAt_idx" ON events ("tenantId", "occurredAt");
CREATE INDEX "events_unnumbered_idx" ON events ("tenantId", written) WHERE seq IS NULL;

-- Numbers what was committed since, in the order in which it was written, at most so many, and answers how many. Locks the
-- tenant's order until the transaction ends.
CREATE FUNCTION events_number(most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  tenant text := NULLIF(current_setting('app.tenant_id', true), '');
  head event_heads;
  numbered integer;
BEGIN
  IF NOT EXISTS (SELECT FROM events WHERE "tenantId" = tenant AND seq IS NULL) THEN
    RETURN 0;
  END IF;
  INSERT INTO event_heads ("tenantId", seq, "lastId") VALUES (tenant, 0, '0') ON CONFLICT DO NOTHING;
  SELECT * INTO STRICT head FROM event_heads WHERE "tenantId" = tenant FOR UPDATE;
  -- Whoever held the lock before may have numbered some of them.
  UPDATE events SET seq = head.seq + found.place
  FROM (
    SELECT one.id, row_number() OVER (ORDER BY one.written) AS place
    FROM events one WHERE one."tenantId" = tenant AND one.seq IS NULL ORDER BY one.written LIMIT most
  ) found
  WHERE events."tenantId" = tenant AND events.id = found.id;
  GET DIAGNOSTICS numbered = ROW_COUNT;
  IF numbered > 0 THEN
    UPDATE event_heads SET seq = head.seq + numbered, "lastId" = (
      SELECT last.id FROM events last WHERE last."tenantId" = tenant AND last.seq = head.seq + numbered)
    WHERE "tenantId" = tenant;
  END IF;
  RETURN numbered;
END
$$;

DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION events_number(integer) SET search_path = pg_catalog, %I, pg_temp', current_schema());
  REVOKE ALL ON FUNCTION events_number(integer) FROM PUBLIC;
END
$$;

-- What is owed to subscribers: one row for each event and subscriber until it is done. Of one subscriber and aggregate one
-- row is 'queued', which has a job; the others wait for it, in order, or are 'dead', given up.
CREATE TABLE event_deliveries (
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  subscriber text NOT NULL,
  "eventId" text NOT NULL,
  seq bigint NOT NULL,
  aggregate text NOT NULL,
  "aggregateId" text NOT NULL,
  state text NOT NULL,
  -- Set in the transaction of the effect, so that it happens once.
  "doneAt" timestamptz,
  CONSTRAINT event_deliveries_pkey PRIMARY KEY ("tenantId", subscriber, "eventId"),
  CONSTRAINT event_deliveries_state_check CHECK (state IN ('waiting', 'queued', 'dead')),
  CONSTRAINT "event_deliveries_tenantId_eventId_fkey" FOREIGN KEY ("tenantId", "eventId") REFERENCES events ("tenantId", id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "event_deliveries_order_idx" ON event_deliveries ("tenantId", subscriber, aggregate, "aggregateId", seq);
CREATE INDEX "event_deliveries_tenantId_eventId_idx" ON event_deliveries ("tenantId", "eventId");

-- What a bus without transactions still has to tell: written with the change, removed when it was told.
CREATE TABLE bus_outbox (
  id text NOT NULL,
  envelope text NOT NULL,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT bus_outbox_pkey PRIMARY KEY (id)
);
CREATE INDEX "bus_outbox_createdAt_idx" ON bus_outbox ("createdAt");
