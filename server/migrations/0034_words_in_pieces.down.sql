CREATE OR REPLACE FUNCTION words_of(content text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  cjk CONSTANT text := '\u2e80-\u2fdf\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003fffd';
  cleaned text := regexp_replace(lower(normalize(content, NFKC)), '[\x01-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f\u2000-\u206f\u3000-\u303f]+', ' ', 'g');
  pairs text := '([' || cjk || '])([' || cjk || '])';
BEGIN
  IF cleaned !~ ('[' || cjk || ']') THEN
    RETURN to_tsvector('simple', cleaned);
  END IF;
  cleaned := regexp_replace(cleaned, '([' || cjk || ']+)', ' \1 ', 'g');
  RETURN to_tsvector('simple', regexp_replace(cleaned, pairs, '\1\2 ', 'g')) || to_tsvector('simple', regexp_replace(
    regexp_replace(regexp_replace(cleaned, '[^' || cjk || ']+', ' ', 'g'), '(^| )[' || cjk || ']', ' ', 'g'), pairs, '\1\2 ', 'g'));
END
$$;

-- A function that is replaced forgets its settings.
DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION words_of(text) SET search_path = pg_catalog, %I, pg_temp', current_schema());
END
$$;
