-- Whoever reads everything is sought behind the tenant's door alone, and it is read once: it leads to every document of the tenant.
-- Each search has a plan of its own: what many documents hold is found soonest among the first ones, what few hold by the index of words.
CREATE OR REPLACE FUNCTION search_documents(query text, wanted text[], most int) RETURNS TABLE (id text, rank real)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 100 AS $$
DECLARE
  sought tsquery := words_wanted(query);
  tenant text := current_setting('app.tenant_id', true);
  door text[] := ARRAY['t:' || NULLIF(tenant, '')];
BEGIN
  IF wanted IS NULL THEN
    RETURN QUERY SELECT found."documentId", ts_rank(found.words, sought) FROM document_search found
      WHERE found.words @@ sought AND found.doors @> door AND found."tenantId" = tenant
      LIMIT most;
  ELSE
    RETURN QUERY SELECT found."documentId", ts_rank(found.words, sought) FROM document_search found
      WHERE found.words @@ sought AND found.doors @> door AND found.doors && wanted AND found."tenantId" = tenant
      LIMIT most;
  END IF;
END
$$;

-- A function that is replaced forgets its settings.
DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION search_documents(text, text[], int) SET search_path = pg_catalog, %I, pg_temp', current_schema());
END
$$;
ALTER FUNCTION search_documents(text, text[], int) SET enable_seqscan = off;
ALTER FUNCTION search_documents(text, text[], int) SET plan_cache_mode = force_custom_plan;
