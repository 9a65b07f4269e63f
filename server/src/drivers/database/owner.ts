// Connections of the tables' owner: migrations and installation only, never a request.
import pg from 'pg'

/** Runs work on one direct connection, and closes it whatever happens. */
export async function asOwner<T>(ownerUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: ownerUrl,
    application_name: 'ashlar-owner',
    connectionTimeoutMillis: 10_000,
  })
  // A connection that breaks fails the statement that waits for it; the event itself must not end the process.
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Tells the planner about rows that came in bulk: it would learn of them a minute later. */
export function refreshStatistics(ownerUrl: string): Promise<void> {
  return asOwner(ownerUrl, async (client) => {
    await client.query('ANALYZE')
  })
}
