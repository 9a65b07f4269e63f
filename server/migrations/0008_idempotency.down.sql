-- Answers kept for repeated requests are lost: a request that is repeated after this is carried out again.

TRUNCATE idempotency_keys;
COMMENT ON COLUMN idempotency_keys."requestHash" IS NULL;
ALTER TABLE idempotency_keys
  DROP COLUMN "committedAt",
  DROP COLUMN claim,
  ALTER COLUMN answer TYPE jsonb USING answer::jsonb,
  ADD COLUMN status integer;
