-- Links that confirm a new address of an account; the column email then holds the new one.
ALTER TABLE one_time_tokens
  DROP CONSTRAINT one_time_tokens_purpose_check,
  ADD CONSTRAINT one_time_tokens_purpose_check CHECK (purpose IN ('reset', 'verify', 'change'));
