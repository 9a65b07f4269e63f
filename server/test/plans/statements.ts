// What the product asks of its database, noted where it asks: the statement, whose rows it sees, and for which operation.
import type { Database, Executor, Sql, Tx } from '../../src/drivers/database/index.ts'

export interface Statement {
  text: string
  /** Whose rows it sees: a tenant's, those of no tenant, or all. */
  sees: { tenant: string } | 'none' | 'all'
  /** Parameters that it was asked with, of different operations. */
  samples: { values: readonly unknown[]; operation: string }[]
  operations: Set<string>
}

export interface Notebook {
  /** What is asked from now on is for this operation. */
  operation: string
  statements(): Statement[]
  /** Forgets what was noted. */
  clear(): void
  wrap(database: Database): Database
}

const SAMPLES = 6

export function createNotebook(): Notebook {
  const noted = new Map<string, Statement>()

  function note({ text, values }: Sql, sees: Statement['sees']): void {
    const key = `${typeof sees === 'string' ? sees : 'tenant'} ${text}`
    let statement = noted.get(key)
    if (!statement) {
      statement = { text, sees, samples: [], operations: new Set() }
      noted.set(key, statement)
    }
    const { operation } = notebook
    const isNew = !statement.operations.has(operation) || statement.samples.length < 3
    if (isNew && statement.samples.length < SAMPLES) statement.samples.push({ values, operation })
    statement.operations.add(operation)
  }

  function over<E extends Executor>(executor: E, sees: Statement['sees']): E {
    const noting =
      <T>(ask: (statement: Sql) => Promise<T>) =>
      (statement: Sql) => {
        note(statement, sees)
        return ask(statement)
      }
    return Object.assign(Object.create(executor), {
      query: noting((statement) => executor.query(statement)),
      one: noting((statement) => executor.one(statement)),
      run: noting((statement) => executor.run(statement)),
      ...('acrossTenants' in executor && {
        acrossTenants: <T>(reason: string, look: (db: Executor) => Promise<T>) =>
          (executor as unknown as Tx).acrossTenants(reason, (db) => look(over(db, 'all'))),
      }),
    })
  }

  const notebook: Notebook = {
    operation: 'start',
    statements: () => [...noted.values()],
    clear: () => noted.clear(),
    wrap: (database) =>
      Object.assign(Object.create(database), {
        tenant: (id: string) => over(database.tenant(id), { tenant: id }),
        global: over(database.global, 'none'),
        inTenant: <T>(id: string, work: (tx: Tx) => Promise<T>) =>
          database.inTenant(id, (tx) => work(over(tx, { tenant: id }))),
        inGlobal: <T>(work: (tx: Tx) => Promise<T>) => database.inGlobal((tx) => work(over(tx, 'none'))),
        acrossTenants: <T>(reason: string, work: (tx: Tx) => Promise<T>) =>
          database.acrossTenants(reason, (tx) => work(over(tx, 'all'))),
      }),
  }
  return notebook
}
