// The plans of noted statements, made and carried out with the parameters that they were asked with, and undone.
import pg from 'pg'
// @ts-expect-error the driver's own encoding has no types
import { prepareValue } from 'pg/lib/utils.js'
import type { TestDatabase } from '../database.ts'
import type { Statement } from './statements.ts'

interface Node {
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  'Plan Rows': number
  'Actual Rows'?: number
  'Actual Loops'?: number
  'Rows Removed by Filter'?: number
  'Rows Removed by Index Recheck'?: number
  Plans?: Node[]
}

/** A part of a plan that reads a large table row by row, or much of it. */
export interface Reading {
  table: string
  /** How: `Seq Scan`, or the index that it walks. */
  by: string
  rows: number
  operation: string
  operations: readonly string[]
  text: string
}

/**
 * As many rows of a large table as one statement may look at, also one after the other: counts end at 10,000, and a search for what one
 * in twenty has finds its 1,000 among some 20,000.
 */
export const MOST_ROWS = 25_000

/** Everything in the plans of the statement that reads a large table one row after the other, or much of it. */
export async function readingsOf(
  client: pg.Client,
  statement: Statement,
  { large, acrossRole }: { large: ReadonlyMap<string, number>; acrossRole: string },
): Promise<Reading[]> {
  const found = new Map<string, Reading>()
  for (const { values, operation } of statement.samples) {
    const { plan, isCarriedOut } = await planOf(client, statement, values, acrossRole)
    for (const node of plan ? nodesOf(plan) : []) {
      const table = node['Relation Name'] ?? ''
      if (!large.has(table)) continue
      const isScan = node['Node Type'] === 'Seq Scan' && node['Actual Loops'] !== 0
      const planned = isScan ? large.get(table)! : node['Plan Rows']
      const rows = isCarriedOut ? lookedAt(node) : planned
      if (!isScan && rows <= MOST_ROWS) continue
      const by = isScan ? 'Seq Scan' : `${node['Node Type']} ${node['Index Name'] ?? ''}`.trim()
      if ((found.get(table + by)?.rows ?? 0) < rows)
        found.set(table + by, {
          table,
          by,
          rows,
          operation,
          operations: [...statement.operations],
          text: statement.text,
        })
    }
  }
  return [...found.values()]
}

/** PostgreSQL has a plan of its own for the first five calls of a prepared statement, and may keep one for all from then on. */
const CALLS_BEFORE = 5

/**
 * The plan of a statement that is prepared and was called before, carried out inside a transaction that is undone; only planned where
 * the data refuses it by now.
 */
async function planOf(
  client: pg.Client,
  { text, sees }: Statement,
  values: readonly unknown[],
  acrossRole: string,
): Promise<{ plan: Node | undefined; isCarriedOut: boolean }> {
  if (!/^\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH|MERGE|VALUES)\b/i.test(text))
    return { plan: undefined, isCarriedOut: false }
  const call = `EXECUTE probe${values.length ? `(${values.map(literalOf).join(', ')})` : ''}`
  const explained = async (how: string) => {
    await client.query('BEGIN')
    try {
      if (sees === 'all') await client.query("SELECT set_config('role', $1, true)", [acrossRole])
      else if (sees !== 'none') await client.query("SELECT set_config('app.tenant_id', $1, true)", [sees.tenant])
      await client.query(`PREPARE probe AS ${text}`)
      for (let turn = 0; turn < CALLS_BEFORE; turn++) await client.query(`EXPLAIN ${call}`)
      const { rows } = await client.query(`EXPLAIN (${how}FORMAT JSON) ${call}`)
      return rows[0]['QUERY PLAN'][0].Plan as Node
    } finally {
      await client.query('ROLLBACK')
      await client.query('DEALLOCATE ALL')
    }
  }
  try {
    return { plan: await explained('ANALYZE, TIMING OFF, '), isCarriedOut: true }
  } catch {
    return { plan: await explained(''), isCarriedOut: false }
  }
}

/** The value as the driver sends it, in the words of SQL. */
function literalOf(value: unknown): string {
  const sent = prepareValue(value)
  if (sent === null) return 'NULL'
  return pg.escapeLiteral(Buffer.isBuffer(sent) ? `\\x${sent.toString('hex')}` : String(sent))
}

const nodesOf = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)]

function lookedAt(node: Node): number {
  const { 'Actual Rows': rows = 0, 'Actual Loops': loops = 0 } = node
  return (rows + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0)) * loops
}

/** A connection as the role of the application. */
export async function connect({ appUrl }: Pick<TestDatabase, 'appUrl'>): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: appUrl, statement_timeout: 60_000 })
  await client.connect()
  return client
}
