-- Answers kept for repeated requests: who works on one, whether its change was committed, and the answer, encrypted.

-- Nothing was kept in this table before.
TRUNCATE idempotency_keys;
ALTER TABLE idempotency_keys
  DROP COLUMN status,
  -- Sealed JSON of what was answered; null while the first request is under way.
  ALTER COLUMN answer TYPE text USING answer::text,
  -- The request that may commit under the key: another one that took over has another name here.
  ADD COLUMN claim text NOT NULL,
  -- Set by the transaction of the change itself, so that work which was done is never done again.
  ADD COLUMN "committedAt" timestamptz;
COMMENT ON COLUMN idempotency_keys."requestHash" IS
  'SHA-256 of what was asked, encrypted: a body may hold a password, which its bare hash would give to whoever guesses.';
