// What the database holds, as one checksum a table: the same before and after means that nothing was written.
import type pg from 'pg'

/** Counters of attempts and requests, which a refusal is meant to move, and where events end and who is owed them: that is written after COMMIT. */
const COUNTERS = new Set(['throttles', 'rate_limits', 'event_heads', 'event_deliveries'])

/** When a credential was last used is written beside the request, whatever becomes of it. */
const USES = ['lastSeenAt', 'idleExpiresAt', 'lastUsedAt']

/** Tables that only grow: how many rows there are says it all. */
const GROWING = new Set(['audit_logs', 'mails', 'member_totals', 'events'])

/** A function that reads the checksums of every table of the schema, as the superuser sees it. */
export async function fingerprinter(client: pg.Client): Promise<() => Promise<Record<string, string>>> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY 1`,
  )
  const sums = rows
    .map(({ name }) => name)
    .filter((name) => !COUNTERS.has(name))
    .map((name) =>
      GROWING.has(name)
        ? `SELECT '${name}' AS name, count(*)::text AS sum FROM "${name}"`
        : `SELECT '${name}' AS name, count(*) || ':' || COALESCE(sum(hashtextextended((to_jsonb(t) - '{${USES.join()}}'::text[])::text, 0)), 0) AS sum FROM "${name}" t`,
    )
  const text = sums.join(' UNION ALL ')
  return async () => {
    const read = await client.query<{ name: string; sum: string }>({ name: 'fingerprint', text })
    return Object.fromEntries(read.rows.map(({ name, sum }) => [name, sum]))
  }
}

/** The tables whose checksums differ. */
export function changedTables(before: Record<string, string>, after: Record<string, string>): string[] {
  return Object.keys(after).filter((name) => before[name] !== after[name])
}
