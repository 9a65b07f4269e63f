-- What is wanted is read once for a search and not once for each document that is looked at: a plan that is kept knows no constants.
CREATE OR REPLACE FUNCTION search_documents(query text, wanted text[], most int) RETURNS TABLE (id text, rank real)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 100 AS $$
  SELECT found."documentId", ts_rank(found.words, (SELECT words_wanted(query))) FROM document_search found
  WHERE found.words @@ (SELECT words_wanted(query))
    AND found.doors @> ARRAY['t:' || NULLIF(current_setting('app.tenant_id', true), '')]
    AND found.doors && COALESCE(wanted, ARRAY['t:' || NULLIF(current_setting('app.tenant_id', true), '')])
    AND found."tenantId" = current_setting('app.tenant_id', true)
  LIMIT most
$$;

-- A function that is replaced forgets its settings.
DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION search_documents(text, text[], int) SET search_path = pg_catalog, %I, pg_temp', current_schema());
END
$$;
ALTER FUNCTION search_documents(text, text[], int) SET enable_seqscan = off;
