// One statement with its tenant set, in one round trip: Bind/Execute of set_config and of the statement up to one Sync.
//
// All extended-protocol messages up to a Sync form one implicit transaction (PostgreSQL manual, 54.2.4), so a setting made
// with is_local lasts exactly for the statement that follows it. This leans on pg's Query class: pg is pinned exactly.
import pg from 'pg'

const SET_TENANT = { name: 'ashlar_set_tenant', text: "SELECT set_config('app.tenant_id', $1, true)" }

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

/** A pg query that sets the tenant before it runs, and hides the extra result. */
class TenantQuery extends Base {
  readonly tenantId: string
  settingTenant = true

  constructor(statement: Statement, tenantId: string, done: (error: Error | null, result: StatementResult) => void) {
    // A statement without name and values would go out as a simple query, past `prepare`, and run without its tenant.
    super({ ...statement, queryMode: 'extended', callback: done })
    this.tenantId = tenantId
  }

  override prepare(connection: WireConnection): void {
    const statement = this.name ? SET_TENANT.name : ''
    if (!statement) connection.parse({ text: SET_TENANT.text, name: '' })
    connection.bind({ portal: '', statement, values: [this.tenantId] })
    connection.execute({ portal: '' })
    super.prepare(connection)
  }

  override handleDataRow(message: unknown): void {
    if (!this.settingTenant) super.handleDataRow(message)
  }

  override handleCommandComplete(message: unknown, connection: WireConnection): void {
    if (this.settingTenant) this.settingTenant = false
    else super.handleCommandComplete(message, connection)
  }
}

/** Prepares the tenant setting on a new connection: runWithTenant with a named statement needs it there. */
export async function prepareTenantSetting(client: pg.ClientBase): Promise<void> {
  await client.query({ ...SET_TENANT, values: [''] })
}

/** Runs one statement on a client with `app.tenant_id` set for just that statement. */
export function runWithTenant(client: pg.ClientBase, tenantId: string, statement: Statement): Promise<StatementResult> {
  return new Promise((resolve, reject) => {
    const query = new TenantQuery(statement, tenantId, (error, result) => (error ? reject(error) : resolve(result)))
    ;(client as unknown as { query(query: object): void }).query(query)
  })
}
