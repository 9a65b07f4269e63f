-- One chain for each tenant again: its entries are put into the order of time, and their hashes are made anew.

DROP FUNCTION audit_forget(timestamptz, int);
DROP FUNCTION audit_verify(text);

CREATE OR REPLACE FUNCTION audit_hash(entry audit_logs) RETURNS text LANGUAGE sql STABLE AS $$
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

CREATE TEMPORARY TABLE audit_in_order ON COMMIT DROP AS
  SELECT log."tenantId", log.chain, log.seq AS "oldSeq", row_number() OVER (PARTITION BY "tenantId" ORDER BY at, chain, seq) AS seq
  FROM audit_logs log;

ALTER TABLE audit_logs DROP CONSTRAINT audit_logs_pkey;
UPDATE audit_logs log SET seq = placed.seq FROM audit_in_order placed
WHERE placed."tenantId" = log."tenantId" AND placed.chain = log.chain AND placed."oldSeq" = log.seq;
DROP INDEX "audit_logs_tenantId_at_chain_seq_idx", "audit_logs_tenantId_actorId_at_idx", "audit_logs_tenantId_action_at_idx",
  "audit_logs_tenantId_targetId_at_idx";
ALTER TABLE audit_logs DROP COLUMN chain;
ALTER TABLE audit_logs ADD CONSTRAINT audit_logs_pkey PRIMARY KEY ("tenantId", seq);
CREATE UNIQUE INDEX "audit_logs_tenantId_id_key" ON audit_logs ("tenantId", id);
CREATE INDEX "audit_logs_tenantId_at_idx" ON audit_logs ("tenantId", at DESC);
CREATE INDEX "audit_logs_tenantId_actorId_idx" ON audit_logs ("tenantId", "actorId");
CREATE INDEX "audit_logs_tenantId_action_idx" ON audit_logs ("tenantId", action);
CREATE INDEX "audit_logs_tenantId_targetType_targetId_idx" ON audit_logs ("tenantId", "targetType", "targetId");

DELETE FROM audit_heads;
ALTER TABLE audit_heads DROP CONSTRAINT audit_heads_pkey;
ALTER TABLE audit_heads DROP COLUMN chain, DROP COLUMN "firstSeq", DROP COLUMN "firstPrevious";
ALTER TABLE audit_heads ADD CONSTRAINT audit_heads_pkey PRIMARY KEY ("tenantId");

DO $$
DECLARE
  entry audit_logs;
  head audit_heads;
BEGIN
  FOR entry IN SELECT * FROM audit_logs ORDER BY "tenantId", seq LOOP
    IF head."tenantId" IS DISTINCT FROM entry."tenantId" THEN
      IF head."tenantId" IS NOT NULL THEN
        INSERT INTO audit_heads SELECT head.*;
      END IF;
      head."tenantId" := entry."tenantId";
      head.hash := repeat('0', 64);
    END IF;
    entry."previousHash" := head.hash;
    head.seq := entry.seq;
    head.hash := audit_hash(entry);
    UPDATE audit_logs SET "previousHash" = entry."previousHash", hash = head.hash
    WHERE "tenantId" = entry."tenantId" AND seq = entry.seq;
  END LOOP;
  IF head."tenantId" IS NOT NULL THEN
    INSERT INTO audit_heads SELECT head.*;
  END IF;
END
$$;

CREATE OR REPLACE FUNCTION audit_append(entries jsonb) RETURNS void LANGUAGE plpgsql AS $$
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
