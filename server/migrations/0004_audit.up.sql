-- The audit log: entries in one chain for each tenant, each naming the hash of the one before, so that a change, a gap or
-- a missing end shows. The application may add and read entries and nothing else.

CREATE TABLE audit_logs (
  id text NOT NULL,
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  seq bigint NOT NULL,
  at timestamptz NOT NULL,
  actor text NOT NULL,
  "actorId" text,
  "tokenId" text,
  "sessionId" text,
  action text NOT NULL,
  "targetType" text,
  "targetId" text,
  changes jsonb,
  ip text,
  "requestId" text,
  "previousHash" text NOT NULL,
  hash text NOT NULL,
  CONSTRAINT audit_logs_pkey PRIMARY KEY ("tenantId", seq),
  CONSTRAINT "audit_logs_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES tenants (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "audit_logs_tenantId_id_key" ON audit_logs ("tenantId", id);
CREATE INDEX "audit_logs_tenantId_at_idx" ON audit_logs ("tenantId", at DESC);
CREATE INDEX "audit_logs_tenantId_actorId_idx" ON audit_logs ("tenantId", "actorId");
CREATE INDEX "audit_logs_tenantId_action_idx" ON audit_logs ("tenantId", action);
CREATE INDEX "audit_logs_tenantId_targetType_targetId_idx" ON audit_logs ("tenantId", "targetType", "targetId");

-- Where each chain ends. Its row is also the lock that puts the writers of one tenant in a line.
CREATE TABLE audit_heads (
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  seq bigint NOT NULL,
  hash text NOT NULL,
  CONSTRAINT audit_heads_pkey PRIMARY KEY ("tenantId"),
  CONSTRAINT "audit_heads_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES tenants (id) ON DELETE CASCADE ON UPDATE CASCADE
);

-- The hash of an entry: SHA-256 of the hash before, a line feed, and every stored field but the hash itself as jsonb text.
CREATE FUNCTION audit_hash(entry audit_logs) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT encode(sha256(convert_to(entry."previousHash" || E'\n' || jsonb_build_object(
    'id', entry.id,
    'tenantId', entry."tenantId",
    'seq', entry.seq,
    'at', to_char(entry.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'actor', entry.actor,
    'actorId', entry."actorId",
    'tokenId', entry."tokenId",
    'sessionId', entry."sessionId",
    'action', entry.action,
    'targetType', entry."targetType",
    'targetId', entry."targetId",
    'changes', entry.changes,
    'ip', entry.ip,
    'requestId', entry."requestId",
    'previousHash', entry."previousHash"
  )::text, 'UTF8')), 'hex')
$$;

-- Adds entries, in the order given, to the chain of the tenant that is set. Takes an array of objects with id, actor,
-- actorId, tokenId, sessionId, action, targetType, targetId, changes, ip, requestId. The tenant's chain is locked until
-- the transaction ends, so call it last.
CREATE FUNCTION audit_append(entries jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  tenant text := NULLIF(current_setting('app.tenant_id', true), '');
  head audit_heads;
  entry audit_logs;
  given jsonb;
BEGIN
  IF tenant IS NULL THEN
    RAISE EXCEPTION 'An audit entry needs a tenant.' USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  IF jsonb_typeof(entries) IS DISTINCT FROM 'array' THEN
    RAISE EXCEPTION 'Audit entries come as an array.' USING ERRCODE = 'invalid_parameter_value';
  END IF;

  SELECT * INTO head FROM audit_heads WHERE "tenantId" = tenant FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO audit_heads ("tenantId", seq, hash) VALUES (tenant, 0, repeat('0', 64)) ON CONFLICT DO NOTHING;
    SELECT * INTO STRICT head FROM audit_heads WHERE "tenantId" = tenant FOR UPDATE;
  END IF;

  FOR given IN SELECT one.value FROM jsonb_array_elements(entries) WITH ORDINALITY one (value, place) ORDER BY one.place LOOP
    entry := jsonb_populate_record(NULL::audit_logs, given);
    entry."tenantId" := tenant;
    entry.seq := head.seq + 1;
    entry.at := clock_timestamp();
    entry.changes := NULLIF(given -> 'changes', 'null');
    entry."previousHash" := head.hash;
    entry.hash := audit_hash(entry);
    INSERT INTO audit_logs SELECT entry.*;
    head.seq := entry.seq;
    head.hash := entry.hash;
  END LOOP;
  UPDATE audit_heads SET seq = head.seq, hash = head.hash WHERE "tenantId" = tenant;
END
$$;

-- Reads a tenant's whole chain. Answers how many entries hold, and the number and fault of the first that does not.
CREATE FUNCTION audit_verify(tenant text, OUT checked bigint, OUT "badSeq" bigint, OUT fault text) LANGUAGE plpgsql STABLE AS $$
DECLARE
  entry audit_logs;
  head audit_heads;
  previous text := repeat('0', 64);
BEGIN
  checked := 0;
  FOR entry IN SELECT * FROM audit_logs WHERE "tenantId" = tenant ORDER BY seq LOOP
    IF entry.seq <> checked + 1 THEN
      fault := 'missing';
    ELSIF entry."previousHash" <> previous THEN
      fault := 'does not follow the entry before';
    ELSIF entry.hash <> audit_hash(entry) THEN
      fault := 'changed';
    END IF;
    IF fault IS NOT NULL THEN
      "badSeq" := checked + 1;
      RETURN;
    END IF;
    checked := entry.seq;
    previous := entry.hash;
  END LOOP;

  SELECT * INTO head FROM audit_heads WHERE "tenantId" = tenant;
  IF COALESCE(head.seq, 0) > checked THEN
    "badSeq" := checked + 1;
    fault := 'missing at the end';
  ELSIF COALESCE(head.seq, 0) < checked THEN
    "badSeq" := COALESCE(head.seq, 0) + 1;
    fault := 'beyond the recorded end';
  ELSIF checked > 0 AND head.hash <> previous THEN
    "badSeq" := checked;
    fault := 'not the recorded end';
  END IF;
END
$$;

DO $$
DECLARE
  signature text;
BEGIN
  FOREACH signature IN ARRAY ARRAY['audit_hash(audit_logs)', 'audit_append(jsonb)', 'audit_verify(text)'] LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, %I, pg_temp', signature::regprocedure, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature::regprocedure);
  END LOOP;
END
$$;
