// What the database itself keeps of each try that failed: pg-boss overwrites the error and the start with every new try.
//
// However a try ends (an error, a timeout, a worker that died), pg-boss takes the row out and puts it in again. A trigger
// on that INSERT adds the try to `data`, so nothing is lost when the worker is, and a job that succeeds costs nothing.

/** How many of the last tries are kept. */
const KEPT = 20
export const MESSAGE_LENGTH = 500

/** Statements for the owner, each of which may run again. What exists is not touched, so that a start takes no locks. */
export const HISTORY = [
  `CREATE OR REPLACE FUNCTION pgboss.with_attempt(data jsonb, attempt int, began timestamptz, message text) RETURNS jsonb
  LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT CASE WHEN jsonb_typeof(data) = 'object' THEN jsonb_set(data, '{attempts}', (
      SELECT jsonb_agg(kept ORDER BY place) FROM (
        SELECT kept, place FROM jsonb_array_elements(COALESCE(data -> 'attempts', '[]') || jsonb_build_object(
          'attempt', attempt, 'startedAt', began, 'endedAt', now(), 'error', left(message, ${MESSAGE_LENGTH}))
        ) WITH ORDINALITY AS listed (kept, place) ORDER BY place DESC LIMIT ${KEPT}) AS newest)) ELSE data END
  $$`,
  `CREATE OR REPLACE FUNCTION pgboss.keep_attempt() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
  BEGIN
    NEW.data := pgboss.with_attempt(NEW.data, NEW.retry_count + 1, NEW.started_on,
      COALESCE(NEW.output ->> 'message', NEW.output -> 'value' ->> 'message'));
    RETURN NEW;
  END
  $$`,
  'REVOKE ALL ON FUNCTION pgboss.with_attempt, pgboss.keep_attempt FROM PUBLIC',
  `DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'pgboss.job'::regclass AND tgname = 'keep_attempt') THEN
      CREATE TRIGGER keep_attempt BEFORE INSERT ON pgboss.job FOR EACH ROW
        WHEN (NEW.state IN ('retry', 'failed')) EXECUTE FUNCTION pgboss.keep_attempt();
    END IF;
    IF to_regclass('pgboss.job_by_tenant') IS NULL THEN
      CREATE INDEX job_by_tenant ON pgboss.job (group_id, created_on DESC, id DESC);
    END IF;
  END $$`,
]
