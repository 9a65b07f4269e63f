-- Events: facts in the order in which they were committed, one order a tenant, and what of them subscribers still have to do.

-- Where each tenant's order ends. Its row is also the lock that puts the writers of one tenant in a line: a number is given
-- under it just before COMMIT, so that numbers have no gaps and a later number is never seen before an earlier one.
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
  seq bigint NOT NULL,
  id text NOT NULL,
  name text NOT NULL,
  aggregate text NOT NULL,
  "aggregateId" text NOT NULL,
  payload jsonb NOT NULL,
  actor text NOT NULL,
  "actorId" text,
  "occurredAt" timestamptz NOT NULL,
  CONSTRAINT events_pkey PRIMARY KEY ("tenantId", seq),
  CONSTRAINT "events_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES tenants (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "events_tenantId_id_key" ON events ("tenantId", id);
CREATE INDEX "events_tenantId_occurredAt_idx" ON events ("tenantId", "occurredAt");

-- What is owed to subscribers: one row for each event and subscriber until it is done. Of one subscriber and aggregate one
-- row is 'queued', which has a job; the others wait for it, in order, or are 'dead', given up.
CREATE TABLE event_deliveries (
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  subscriber text NOT NULL,
  seq bigint NOT NULL,
  "eventId" text NOT NULL,
  aggregate text NOT NULL,
  "aggregateId" text NOT NULL,
  state text NOT NULL,
  -- Set in the transaction of the effect, so that it happens once.
  "doneAt" timestamptz,
  CONSTRAINT event_deliveries_pkey PRIMARY KEY ("tenantId", subscriber, seq),
  CONSTRAINT event_deliveries_state_check CHECK (state IN ('waiting', 'queued', 'dead')),
  CONSTRAINT "event_deliveries_tenantId_seq_fkey" FOREIGN KEY ("tenantId", seq) REFERENCES events ("tenantId", seq) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "event_deliveries_tenantId_subscriber_eventId_key" ON event_deliveries ("tenantId", subscriber, "eventId");
CREATE INDEX "event_deliveries_order_idx" ON event_deliveries ("tenantId", subscriber, aggregate, "aggregateId", seq);
CREATE INDEX "event_deliveries_tenantId_seq_idx" ON event_deliveries ("tenantId", seq);

-- What a bus without transactions still has to tell: written with the change, removed when it was told.
CREATE TABLE bus_outbox (
  id text NOT NULL,
  envelope text NOT NULL,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT bus_outbox_pkey PRIMARY KEY (id)
);
CREATE INDEX "bus_outbox_createdAt_idx" ON bus_outbox ("createdAt");
