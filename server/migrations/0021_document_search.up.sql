-- The search of documents. Under row security no index of words is used: @@ and && are not leakproof. So the words stand in a
-- table that the application has no right to, and one function reads it, which asks for the tenant itself; what it finds is joined
-- with the documents under their policies.

CREATE TABLE document_search (
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  "documentId" text NOT NULL,
  words tsvector NOT NULL,
  -- From where the document is reached: t:tenant, d:itself, o:owner, k:team, f:folder.
  doors text[] NOT NULL,
  CONSTRAINT document_search_pkey PRIMARY KEY ("tenantId", "documentId"),
  CONSTRAINT "document_search_documentId_fkey" FOREIGN KEY ("tenantId", "documentId") REFERENCES documents ("tenantId", id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX document_search_words_idx ON document_search USING gin (words, doors);

-- Words in lower case. Scripts that put no space between words are cut into pairs of characters, from the first and from the second on,
-- so that every character begins one. ASCII punctuation separates: no address or path is kept as one word.
CREATE FUNCTION words_of(content text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
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

-- All of the words, each also as the beginning of a longer one. Null where there is none.
CREATE FUNCTION words_wanted(query text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT string_agg('''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''' ||
    CASE WHEN length(lexeme) = 2 THEN '' ELSE ':*' END, ' & ')::tsquery
  FROM unnest(words_of(query))
$$;

-- The title counts more. What a vector cannot hold is left out: of a very long text its beginning is found.
CREATE FUNCTION document_words(title text, content text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN setweight(words_of(title), 'A') || words_of(left(content, 200000));
EXCEPTION WHEN program_limit_exceeded THEN
  RETURN setweight(words_of(title), 'A') || words_of(left(content, 40000));
END
$$;

CREATE FUNCTION document_doors(document documents) RETURNS text[] LANGUAGE sql STABLE AS $$
  SELECT array_remove(ARRAY['t:' || document."tenantId", 'd:' || document.id, 'o:' || document."ownerId",
    'k:' || document."teamId", 'f:' || document."folderId"], NULL)
$$;

CREATE FUNCTION index_document() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.title = NEW.title AND OLD.content = NEW.content AND OLD."tenantId" = NEW."tenantId" THEN
    UPDATE document_search SET doors = document_doors(NEW) WHERE "tenantId" = NEW."tenantId" AND "documentId" = NEW.id;
  ELSE
    INSERT INTO document_search ("tenantId", "documentId", words, doors)
    VALUES (NEW."tenantId", NEW.id, document_words(NEW.title, NEW.content), document_doors(NEW))
    ON CONFLICT ("tenantId", "documentId") DO UPDATE SET words = EXCLUDED.words, doors = EXCLUDED.doors;
  END IF;
  RETURN NULL;
END
$$;

-- Of the tenant that is set, what is behind one of the doors; behind any of them where none is named. The best of the first so many.
CREATE FUNCTION search_documents(query text, wanted text[], most int) RETURNS TABLE (id text, rank real)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 100 AS $$
  SELECT found."documentId", ts_rank(found.words, words_wanted(query)) FROM document_search found
  WHERE found.words @@ words_wanted(query)
    AND found.doors @> ARRAY['t:' || NULLIF(current_setting('app.tenant_id', true), '')]
    AND found.doors && COALESCE(wanted, ARRAY['t:' || NULLIF(current_setting('app.tenant_id', true), '')])
    AND found."tenantId" = current_setting('app.tenant_id', true)
  LIMIT most
$$;

DO $$
DECLARE
  routine regprocedure;
BEGIN
  FOREACH routine IN ARRAY ARRAY['words_of(text)', 'words_wanted(text)', 'document_words(text, text)', 'document_doors(documents)',
    'index_document()', 'search_documents(text, text[], int)']::regprocedure[]
  LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, %I, pg_temp', routine, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', routine);
  END LOOP;
END
$$;
-- Statistics of words say nothing about one tenant: the index is the way, always.
ALTER FUNCTION search_documents(text, text[], int) SET enable_seqscan = off;

INSERT INTO document_search ("tenantId", "documentId", words, doors)
SELECT "tenantId", id, document_words(title, content), document_doors(documents) FROM documents;
CREATE TRIGGER documents_indexed AFTER INSERT OR UPDATE OF title, content, "ownerId", "teamId", "folderId", "tenantId" ON documents
  FOR EACH ROW EXECUTE FUNCTION index_document();
