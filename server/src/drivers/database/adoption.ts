// Taking over a database that HaloLight made: its tables count as the first migration when they are what that would make.
import type { ClientBase } from 'pg'
import { compareWithScript, differences } from './catalogue.ts'
import { sharedTables } from './row-security.exemptions.ts'

/** Thrown when a database is neither empty nor HaloLight's. `faults` says sentence by sentence what does not fit. */
export class AdoptionRefused extends Error {
  readonly faults: string[]

  constructor(message: string, faults: string[]) {
    super([message, ...faults].join('\n'))
    this.name = 'AdoptionRefused'
    this.faults = faults
  }
}

/**
 * Whether the shared tables are there already: false when there is none of them, true when all are as `script` (the first
 * migration) makes them. More columns, tables and indexes than those may be there, as long as the other back end's INSERTs
 * need not name them. Everything else is refused.
 */
export async function isAdoptable(client: ClientBase, script: string): Promise<boolean> {
  const { rows } = await client.query<{ relname: string }>(
    `SELECT relname FROM pg_class
     WHERE relname = ANY ($1) AND relkind IN ('r', 'p', 'v', 'm', 'f') AND relnamespace = current_schema()::regnamespace`,
    [sharedTables],
  )
  if (rows.length === 0) return false
  const present = new Set(rows.map((row) => row.relname))
  const absent = sharedTables.filter((table) => !present.has(table))
  if (absent.length > 0) {
    throw new AdoptionRefused('This database has some of the tables of a HaloLight database and lacks others.', [
      `It has ${[...present].sort().join(', ')}.`,
      `It lacks ${absent.join(', ')}.`,
      'Name an empty database, or a whole HaloLight one.',
    ])
  }

  const { expected, actual } = await compareWithScript(client, script)
  const faults = differences(expected, actual, { extras: false })
  for (const entry of actual.values()) {
    const isExtra = entry.kind === 'column' && !expected.has(`column ${entry.table}.${entry.name}`)
    if (isExtra && present.has(entry.table) && / not null(?!.*(default|identity))/.test(entry.definition)) {
      faults.push(
        `The column ${entry.table}.${entry.name} must have a value and no default gives one: ${entry.definition}.`,
      )
    }
  }
  if (faults.length > 0) {
    throw new AdoptionRefused(
      'This database has the tables of a HaloLight database, but not as HaloLight makes them.',
      faults,
    )
  }
  return true
}
