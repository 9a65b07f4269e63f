-- Several chains for each tenant, as many as it has writers at one time: nobody waits for somebody else's COMMIT. And a
-- beginning that may move: entries are forgotten after the time that the operator sets, and what is left is still proved.

ALTER TABLE audit_logs ADD COLUMN chain smallint NOT NULL DEFAULT 0;
ALTER TABLE audit_logs DROP CONSTRAINT audit_logs_pkey;
ALTER TABLE audit_logs ADD CONSTRAINT audit_logs_pkey PRIMARY KEY ("tenantId", chain, seq);

ALTER TABLE audit_heads ADD COLUMN chain smallint NOT NULL DEFAULT 0;
ALTER TABLE audit_heads DROP CONSTRAINT audit_heads_pkey;
ALTER TABLE audit_heads ADD CONSTRAINT audit_heads_pkey PRIMARY KEY ("tenantId", chain);
-- The first entry that is kept, and the hash of the one before it.
ALTER TABLE audit_heads ADD COLUMN "firstSeq" bigint NOT NULL DEFAULT 1;
ALTER TABLE audit_heads ADD COLUMN "firstPrevious" text NOT NULL DEFAULT repeat('0', 64);

-- Lists are in the order of time, by each of the filters.
DROP INDEX "audit_logs_tenantId_id_key", "audit_logs_tenantId_at_idx", "audit_logs_tenantId_actorId_idx",
  "audit_logs_tenantId_action_idx", "audit_logs_tenantId_targetType_targetId_idx";
CREATE INDEX "audit_logs_tenantId_at_chain_seq_idx" ON audit_logs ("tenantId", at DESC, chain DESC, seq DESC);
CREATE INDEX "audit_logs_tenantId_actorId_at_idx" ON audit_logs ("tenantId", "actorId", at DESC);
CREATE INDEX "audit_logs_tenantId_action_at_idx" ON audit_logs ("tenantId", action, at DESC);
CREATE INDEX "audit_logs_tenantId_targetId_at_idx" ON audit_logs ("tenantId", "targetId", at DESC);

-- The hash of an entry: SHA-256 of the hash before, a line feed, and every stored field but the hash itself as jsonb text.
-- The number of the first chain is left out: it had none when there was one.
CREATE OR REPLACE FUNCTION audit_hash(entry audit_logs) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT encode(sha256(convert_to(entry."previousHash" || E'\n' || (jsonb_build_object(
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
  ) || CASE WHEN entry.chain = 0 THEN '{}' ELSE jsonb_build_object('chain', entry.chain) END)::text, 'UTF8')), 'hex')
$$;

-- Adds entries, in the order given, to a chain of the tenant that is set: the first that nobody writes to at the moment.
-- Takes an array of objects with id, actor, actorId, tokenId, sessionId, action, targetType, targetId, changes, ip,
-- requestId. The chain is locked until the transaction ends, so call it last.
CREATE OR REPLACE FUNCTION audit_append(entries jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  tenant text := NULLIF(current_setting('app.tenant_id', true), '');
  next_chain smallint;
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

  SELECT * INTO head FROM audit_heads WHERE "tenantId" = tenant ORDER BY chain LIMIT 1 FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    -- Every chain is being written to: another one, of 64 at most, by the number of this connection's process.
    next_chain := CASE WHEN EXISTS (SELECT FROM audit_heads WHERE "tenantId" = tenant) THEN 1 + pg_backend_pid() % 63 ELSE 0 END;
    INSERT INTO audit_heads ("tenantId", chain, seq, hash) VALUES (tenant, next_chain, 0, repeat('0', 64)) ON CONFLICT DO NOTHING;
    SELECT * INTO STRICT head FROM audit_heads WHERE "tenantId" = tenant AND chain = next_chain FOR UPDATE;
  END IF;

  FOR given IN SELECT one.value FROM jsonb_array_elements(entries) WITH ORDINALITY one (value, place) ORDER BY one.place LOOP
    entry := jsonb_populate_record(NULL::audit_logs, given);
    entry."tenantId" := tenant;
    entry.chain := head.chain;
    entry.seq := head.seq + 1;
    entry.at := clock_timestamp();
    entry.changes := NULLIF(given -> 'changes', 'null');
    entry."previousHash" := head.hash;
    entry.hash := audit_hash(entry);
    INSERT INTO audit_logs SELECT entry.*;
    head.seq := entry.seq;
    head.hash := entry.hash;
  END LOOP;
  UPDATE audit_heads SET seq = head.seq, hash = head.hash WHERE "tenantId" = tenant AND chain = head.chain;
END
$$;

-- Reads all chains of a tenant. Answers how many entries hold, and the chain, number and fault of the first that does not.
-- Entries that are gone from a beginning must have been forgotten: another entry says up to where, and with which hash.
DROP FUNCTION audit_verify(text);
CREATE FUNCTION audit_verify(tenant text, OUT checked bigint, OUT "badChain" smallint, OUT "badSeq" bigint, OUT fault text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  entry audit_logs;
  head audit_heads;
  number smallint;
  expected bigint;
  previous text;
BEGIN
  checked := 0;
  FOR number IN SELECT generate_series(0, 63) LOOP
    head := NULL;
    SELECT * INTO head FROM audit_heads WHERE "tenantId" = tenant AND chain = number;
    expected := COALESCE(head."firstSeq", 1);
    previous := COALESCE(head."firstPrevious", repeat('0', 64));
    IF expected > 1 AND NOT EXISTS (
      SELECT FROM audit_logs
      WHERE "tenantId" = tenant AND action = 'audit.forget'
        AND changes -> 'chains' -> number::text = jsonb_build_object('through', expected - 1, 'hash', previous)
    ) THEN
      "badSeq" := expected - 1;
      fault := 'missing at the beginning';
    END IF;
    IF fault IS NULL THEN
      FOR entry IN SELECT * FROM audit_logs WHERE "tenantId" = tenant AND chain = number ORDER BY seq LOOP
        IF entry.seq <> expected THEN
          fault := 'missing';
        ELSIF entry."previousHash" <> previous THEN
          fault := 'does not follow the entry before';
        ELSIF entry.hash <> audit_hash(entry) THEN
          fault := 'changed';
        END IF;
        IF fault IS NOT NULL THEN
          "badSeq" := LEAST(expected, entry.seq);
          EXIT;
        END IF;
        checked := checked + 1;
        expected := expected + 1;
        previous := entry.hash;
      END LOOP;
    END IF;
    IF fault IS NULL THEN
      IF COALESCE(head.seq, 0) >= expected THEN
        "badSeq" := expected;
        fault := 'missing at the end';
      ELSIF COALESCE(head.seq, 0) < expected - 1 THEN
        "badSeq" := COALESCE(head.seq, 0) + 1;
        fault := 'beyond the recorded end';
      ELSIF expected > 1 AND head.hash <> previous THEN
        "badSeq" := expected - 1;
        fault := 'not the recorded end';
      END IF;
    END IF;
    IF fault IS NOT NULL THEN
      "badChain" := number;
      RETURN;
    END IF;
  END LOOP;
END
$$;

-- Forgets the oldest entries of the tenant that is set, those before a time, a number of them at most for each chain.
-- Answers, where any went, how many and the beginnings of all chains: the number and the hash of the last entry that is
-- gone. An entry "audit.forget" with these must be written in the same transaction. The application can remove nothing by
-- itself, and nothing younger than 30 days.
CREATE FUNCTION audit_forget(before timestamptz, most int)
RETURNS TABLE (entries bigint, chain smallint, through bigint, hash text) LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  tenant text := NULLIF(current_setting('app.tenant_id', true), '');
  head audit_heads;
  last bigint;
  last_hash text;
  gone bigint := 0;
  removed bigint;
BEGIN
  IF tenant IS NULL THEN
    RAISE EXCEPTION 'Audit entries belong to a tenant.' USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  IF before > now() - interval '30 days' THEN
    RAISE EXCEPTION 'Audit entries are kept for 30 days at least.' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  FOR head IN SELECT * FROM audit_heads one WHERE one."tenantId" = tenant ORDER BY one.chain FOR UPDATE LOOP
    -- Up to the first that is young enough, whatever a clock that was set back says of later ones.
    SELECT COALESCE(min(oldest.seq) FILTER (WHERE oldest.at >= before) - 1, max(oldest.seq)) INTO last
    FROM (
      SELECT one.seq, one.at FROM audit_logs one
      WHERE one."tenantId" = tenant AND one.chain = head.chain ORDER BY one.seq LIMIT most
    ) oldest;
    SELECT log.hash INTO last_hash FROM audit_logs log
    WHERE log."tenantId" = tenant AND log.chain = head.chain AND log.seq = last;
    CONTINUE WHEN NOT FOUND;
    DELETE FROM audit_logs log WHERE log."tenantId" = tenant AND log.chain = head.chain AND log.seq <= last;
    GET DIAGNOSTICS removed = ROW_COUNT;
    gone := gone + removed;
    UPDATE audit_heads one SET "firstSeq" = last + 1, "firstPrevious" = last_hash
    WHERE one."tenantId" = tenant AND one.chain = head.chain;
  END LOOP;
  -- All of them, each time: what said so of a chain that rests may have gone just now.
  RETURN QUERY
    SELECT gone, one.chain, one."firstSeq" - 1, one."firstPrevious" FROM audit_heads one
    WHERE gone > 0 AND one."tenantId" = tenant AND one."firstSeq" > 1 ORDER BY one.chain;
END
$$;

DO $$
DECLARE
  signature text;
BEGIN
  FOREACH signature IN ARRAY ARRAY[
    'audit_hash(audit_logs)', 'audit_append(jsonb)', 'audit_verify(text)', 'audit_forget(timestamptz, int)'
  ] LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, %I, pg_temp', signature::regprocedure, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature::regprocedure);
  END LOOP;
END
$$;
