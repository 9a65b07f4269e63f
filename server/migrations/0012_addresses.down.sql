-- Changes of address that wait for their confirmation are forgotten.
DELETE FROM one_time_tokens WHERE purpose = 'change';
ALTER TABLE one_time_tokens
  DROP CONSTRAINT one_time_tokens_purpose_check,
  ADD CONSTRAINT one_time_tokens_purpose_check CHECK (purpose IN ('reset', 'verify'));
