// A statement with what must come before it, in one round trip: Bind/Execute of each up to one Sync.
//
// All extended-protocol messages up to a Sync form one implicit transaction (PostgreSQL manual, 54.2.4), so a setting made
// with is_local lasts exactly for the statement that follows it, or, behind a BEGIN, for the transaction that begins there.
// This leans on pg's Query class: pg is pinned exactly.
import pg from 'pg'

/** A step without a result that goes before a statement. */
export interface Prelude {
  name: string
  text: string
  values: string[]
}

const SET_TENANT = { name: 'ashlar_set_tenant', text: "SELECT set_config('app.tenant_id', $1, true)" }

/** Begins a transaction. */
export const BEGIN: Prelude = { name: 'ashlar_begin', text: 'BEGIN', values: [] }

/** Sets the tenant until the end of the transaction. */
export const settingTenant = (tenantId: string): Prelude => ({ ...SET_TENANT, values: [tenantId] })

// The parts of pg's Connection and Query that the subclass drives; pg publishes no types for them.
interface WireConnection {
  parse(message: { text: string; name: string }): void
  bind(message: { portal: string; statement: string; values: string[] }): void
  execute(message: { portal: string }): void
}
interface WireQuery {
  name: string | undefined
  prepare(connection: WireConnection): void
  handleDataRow(message: unknown): void
  handleCommandComplete(message: unknown, connection: WireConnection): void
}
const Base = pg.Query as unknown as new (config: object) => WireQuery

export interface Statement {
  /** Absent where prepared statements are off: then nothing outlives the round trip. */
  name: string | undefined
  text: string
  values: unknown[]
}

export interface StatementResult {
  rows: unknown[]
  rowCount: number | null
}

/** A pg query with steps before it, whose results it hides. */
class QueryAfter extends Base {
  readonly before: readonly Prelude[]
  hidden: number

  constructor(
    before: readonly Prelude[],
    statement: Statement,
    done: (error: Error | null, result: StatementResult) => void,
  ) {
    // A statement without name and values would go out as a simple query, past `prepare`, and run without what comes before.
    super({ ...statement, queryMode: 'extended', callback: done })
    this.before = before
    this.hidden = before.length
  }

  override prepare(connection: WireConnection): void {
    for (const { name, text, values } of this.before) {
      const statement = this.name ? name : ''
      if (!statement) connection.parse({ text, name: '' })
      connection.bind({ portal: '', statement, values })
      connection.execute({ portal: '' })
    }
    super.prepare(connection)
  }

  override handleDataRow(message: unknown): void {
    if (this.hidden === 0) super.handleDataRow(message)
  }

  override handleCommandComplete(message: unknown, connection: WireConnection): void {
    if (this.hidden > 0) this.hidden--
    else super.handleCommandComplete(message, connection)
  }
}

/** Prepares the preludes on a new connection: runAfter with a named statement needs them there. */
export async function preparePreludes(client: pg.ClientBase): Promise<void> {
  await client.query(settingTenant(''))
  await client.query(BEGIN)
  await client.query('ROLLBACK')
}

/** Runs the steps and the statement in one round trip; fails as a whole. Answers what the statement did. */
export function runAfter(
  client: pg.ClientBase,
  before: readonly Prelude[],
  statement: Statement,
): Promise<StatementResult> {
  return new Promise((resolve, reject) => {
    const query = new QueryAfter(before, statement, (error, result) => (error ? reject(error) : resolve(result)))
    ;(client as unknown as { query(query: object): void }).query(query)
  })
}
