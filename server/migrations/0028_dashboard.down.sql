-- The kept figures go; all but the sign-ins and operations of audit entries that are forgotten can be counted again.
DROP TRIGGER files_recounted ON files;
DROP TRIGGER documents_recounted ON documents;
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['memberships', 'documents', 'files', 'document_shares', 'content_shares', 'activity_logs'] LOOP
    EXECUTE format('DROP TRIGGER %I ON %I', name || '_counted_in', name);
    EXECUTE format('DROP TRIGGER %I ON %I', name || '_counted_out', name);
  END LOOP;
END
$$;
DROP FUNCTION recount_document();
DROP FUNCTION recount_file();
DROP FUNCTION count_daily();
DROP INDEX "content_shares_tenantId_kind_itemId_idx";
DROP INDEX "activity_logs_tenantId_actorId_createdAt_idx";
DROP INDEX "documents_tenantId_views_id_idx";
DROP TABLE daily_counts;
DROP TABLE daily_totals;
