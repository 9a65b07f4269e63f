// The only way to the database: a handle is always a handle on one tenant, on no tenant, or, by name, across tenants.
import { AsyncLocalStorage } from 'node:async_hooks'
import type pg from 'pg'
import { type Metrics, noMetrics } from '../telemetry/index.ts'
import { createPool, isUnavailable, type PoolLog, type PoolOptions, statementName, unavailable } from './pool.ts'
import { BEGIN, type Prelude, runAfter, type Statement, type StatementResult, settingTenant } from './prelude.ts'
import { type Sql, sql } from './sql.ts'
import { createTotals, type Totals } from './totals.ts'
import { createWatch, type WatchOptions } from './watching.ts'

export interface Executor {
  /** The tenant whose rows this handle sees; undefined on global and cross-tenant handles. */
  readonly tenantId: string | undefined
  /** On handles of single statements. */
  readonly totals?: Totals
  query<Row extends object>(statement: Sql): Promise<Row[]>
  /** The first row, or undefined. */
  one<Row extends object>(statement: Sql): Promise<Row | undefined>
  /** How many rows the statement wrote. */
  run(statement: Sql): Promise<number>
}

export interface Tx extends Executor {
  /** A look at all tenants from inside the transaction, on its connection. Says why, as Database.acrossTenants does. */
  acrossTenants<T>(reason: string, look: (db: Executor) => Promise<T>): Promise<T>
  /** Runs inside the transaction, after the work and before COMMIT, in the order added. */
  beforeCommit(step: (tx: Tx) => Promise<void>): void
  /** Runs after COMMIT only. */
  afterCommit(step: () => void): void
}

export interface Database {
  /** Single statements on one tenant's rows: the setting and the statement share a round trip. */
  tenant(tenantId: string): Executor
  /** One transaction on one tenant's rows. */
  inTenant<T>(tenantId: string, work: (tx: Tx) => Promise<T>): Promise<T>
  /** Single statements on the tables that belong to no tenant; tenant tables show no row. */
  readonly global: Executor
  /** One transaction on the tables that belong to no tenant. */
  inGlobal<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** One transaction that sees all tenants. Rare, and says why; the reason stands in the database's log of statements. */
  acrossTenants<T>(reason: string, work: (tx: Tx) => Promise<T>): Promise<T>
  /** Does the work; every transaction that it opens meanwhile runs the step just before its own steps and its COMMIT. */
  witnessed<T>(step: (tx: Tx) => Promise<void>, work: () => Promise<T>): Promise<T>
  /** Whether the server answers. */
  ping(): Promise<boolean>
  stats(): { size: number; total: number; idle: number; waiting: number }
  close(): Promise<void>
}

export interface DatabaseOptions extends PoolOptions, WatchOptions {
  /** The role that acrossTenants takes on for its transaction. */
  acrossRole: string
}

export function createDatabase(
  options: DatabaseOptions,
  log: PoolLog,
  metrics: Pick<Metrics, 'count' | 'observe'> = noMetrics,
): Database {
  const pool = createPool(options, log)
  const watch = createWatch(options, log, metrics)
  const totals = createTotals()
  /** Runs a statement, what must come before it in the same round trip. */
  const execute = (client: pg.PoolClient, before: readonly Prelude[], statement: Statement) =>
    watch(statement.text, () => (before.length > 0 ? runAfter(client, before, statement) : client.query(statement)))
  const prepared = (statement: Sql): Statement => {
    const text = statement.text
    return { name: options.prepared ? statementName(text) : undefined, text, values: statement.values }
  }

  const seeAll = (reason: string) =>
    sql`SELECT set_config('role', ${options.acrossRole}, true), set_config('app.across_reason', ${reason}, true)`

  function away(error: unknown) {
    metrics.count('databaseAway', {})
    return unavailable(error)
  }

  async function withClient<T>(work: (client: pg.PoolClient, discard: () => void) => Promise<T>): Promise<T> {
    if (inTransaction.getStore())
      throw new Error('A second connection was asked for inside a transaction: pass its handle on.')
    const client = await pool.connect().catch((error) => {
      throw away(error)
    })
    let broken = false
    const discard = () => {
      broken = true
    }
    try {
      return await work(client, discard)
    } catch (error) {
      if (!isUnavailable(error)) throw error
      if (!isLostRace(error)) discard()
      throw away(error)
    } finally {
      client.release(broken)
    }
  }

  function single(tenantId: string | undefined): Executor {
    const run = (statement: Sql) =>
      withClient((client) =>
        execute(client, tenantId === undefined ? [] : [settingTenant(tenantId)], prepared(statement)),
      )
    return { ...executor(tenantId, run), totals }
  }

  async function transaction<T>(
    tenantId: string | undefined,
    opening: Sql | undefined,
    work: (tx: Tx) => Promise<T>,
  ): Promise<T> {
    const witness = witnesses.getStore()
    const beforeCommit = witness?.watching ? [witness.step] : []
    const afterCommit: (() => void)[] = []
    const result = await withClient((client, discard) =>
      inTransaction.run(true, async () => {
        // The transaction begins with its first statement, in one round trip, and not at all without any.
        let before: readonly Prelude[] = tenantId === undefined ? [BEGIN] : [BEGIN, settingTenant(tenantId)]
        const run = (statement: Sql) => {
          const first = before
          before = []
          return execute(client, first, prepared(statement))
        }
        const tx: Tx = {
          ...executor(tenantId, run),
          async acrossTenants(reason, look) {
            await run(seeAll(reason))
            const seen = await look(executor(undefined, run))
            // Where the look fails the transaction is over, and the role with it.
            await run(sql`SELECT set_config('role', 'none', true)`)
            return seen
          },
          beforeCommit: (step) => void beforeCommit.push(step),
          afterCommit: (effect) => void afterCommit.push(effect),
        }
        try {
          if (opening) await run(opening)
          const value = await work(tx)
          for (let step = beforeCommit.shift(); step; step = beforeCommit.shift()) await step(tx)
          if (before.length === 0) await client.query('COMMIT')
          return value
        } catch (error) {
          // A session that cannot roll back must not go back to the pool: the next borrower would read in its tenant.
          if (before.length === 0) await client.query('ROLLBACK').catch(discard)
          throw error
        }
      }),
    )
    for (const effect of afterCommit) effect()
    return result
  }

  return {
    tenant: single,
    global: single(undefined),
    inTenant: (tenantId, work) => transaction(tenantId, undefined, work),
    inGlobal: (work) => transaction(undefined, undefined, work),
    acrossTenants: (reason, work) => transaction(undefined, seeAll(reason), work),
    async witnessed(step, work) {
      const witness = { step, watching: true }
      try {
        return await witnesses.run(witness, work)
      } finally {
        // What the work left running, a timer perhaps, is nobody's to witness.
        witness.watching = false
      }
    },
    ping: () =>
      withClient((client) => client.query('SELECT 1')).then(
        () => true,
        () => false,
      ),
    stats: () => ({
      size: options.size,
      total: pool.totalCount,
      idle: pool.idleCount,
      // Who is served in this very turn waits for nobody.
      waiting: Math.max(0, pool.waitingCount - pool.idleCount),
    }),
    close: () => pool.end(),
  }
}

const inTransaction = new AsyncLocalStorage<boolean>()
const witnesses = new AsyncLocalStorage<{ step: (tx: Tx) => Promise<void>; watching: boolean }>()

function executor(tenantId: string | undefined, execute: (statement: Sql) => Promise<StatementResult>): Executor {
  return {
    tenantId,
    query: async <Row extends object>(statement: Sql) => (await execute(statement)).rows as Row[],
    one: async <Row extends object>(statement: Sql) => (await execute(statement)).rows[0] as Row | undefined,
    run: async (statement) => (await execute(statement)).rowCount ?? 0,
  }
}

// These end the transaction and leave the connection in order.
function isLostRace(error: unknown): boolean {
  return ['57014', '55P03', '40001', '40P01'].includes((error as { code?: string }).code ?? '')
}
