// A large installation: so many rows in every table that grows, in seconds, past the checks of references.

import { withClient } from '../database.ts'
import { type Amounts, type People, tablesOf } from './tables.ts'

// What derives one row from another for each row by itself is given with the rows.
const PER_ROW = ['folders_placed', 'calendar_events_placed', 'calendar_events_spanned', 'calendar_events_moved']
const LANES = 2

/** Fills the database as its superuser. Tables with no amount stay as they are. */
export async function fillBig(adminUrl: string, amounts: Amounts, people: People): Promise<void> {
  await withClient(adminUrl, (client) => client.query(triggersAlways('ALWAYS')))
  // Accounts first: others refer to them, and statistics of both are made at the end.
  const [accounts, ...others] = tablesOf(amounts, people)
  const waiting = [...others]
  const work = (statements: readonly string[]) =>
    withClient(adminUrl, async (client) => {
      await client.query(
        "SET session_replication_role = replica; SET synchronous_commit = off; SET work_mem = '64MB'; SET maintenance_work_mem = '256MB'",
      )
      for (const statement of statements) await client.query(statement)
    })
  await work(accounts!)
  await Promise.all(
    Array.from({ length: LANES }, async () => {
      for (let table = waiting.shift(); table; table = waiting.shift()) await work(table)
    }),
  )
  await withClient(adminUrl, async (client) => {
    await client.query(triggersAlways(''))
    // Tables of 50,000 rows are read whole then, not by a sample: the same rows have the same plans each time.
    await client.query(`ALTER DATABASE ${client.database} SET default_statistics_target = 200`)
    await client.query('SET default_statistics_target = 200')
    await client.query('VACUUM ANALYZE')
  })
}

/** With ALWAYS: the triggers that count by statements, and those of PER_ROW, work although references are not checked. */
function triggersAlways(word: 'ALWAYS' | ''): string {
  return `DO $$
    DECLARE one record;
    BEGIN
      FOR one IN
        SELECT tgrelid::regclass AS "table", tgname AS name FROM pg_trigger
        WHERE NOT tgisinternal AND tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
          AND (tgtype & 1 = 0 OR tgname = ANY('{${PER_ROW.join()}}'))
      LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ${word} TRIGGER %I', one."table", one.name);
      END LOOP;
    END $$`
}
