// The declared tables as a script: what a database made from the declarations alone would be created by.
import { is, SQL } from 'drizzle-orm'
import {
  type ForeignKey,
  getTableConfig,
  type Index,
  IndexedColumn,
  type PgColumn,
  PgDialect,
  PgEnumColumn,
  PgTable,
} from 'drizzle-orm/pg-core'

type TableConfig = ReturnType<typeof getTableConfig>

const dialect = new PgDialect()

/** The tables among the exports of declaration modules, each once, in the order given. */
export function tablesOf(modules: readonly Record<string, unknown>[]): TableConfig[] {
  const tables = modules.flatMap((exports) => Object.values(exports)).filter((value) => is(value, PgTable))
  return [...new Set(tables)].map((table) => getTableConfig(table))
}

/** CREATE statements for the types, tables, keys and indexes, without schema names. */
export function scriptOf(tables: readonly TableConfig[]): string {
  return [
    ...enumsOf(tables),
    ...tables.map(createTable),
    ...tables.flatMap((table) => table.indexes.map((index) => createIndex(table, index))),
    ...tables.flatMap((table) => table.foreignKeys.map((key) => addForeignKey(table, key))),
  ].join(';\n')
}

function enumsOf(tables: readonly TableConfig[]): string[] {
  const types = new Map<string, readonly string[]>()
  for (const column of tables.flatMap((table) => table.columns)) {
    if (is(column, PgEnumColumn)) types.set(column.enum.enumName, column.enumValues)
  }
  return [...types].map(([name, values]) => `CREATE TYPE ${quoted(name)} AS ENUM (${values.map(literal).join(', ')})`)
}

function createTable(table: TableConfig): string {
  const single = table.columns.filter((column) => column.primary)
  const keys = [...table.primaryKeys.map((key) => key.columns), ...(single.length > 0 ? [single] : [])]
  const lines = [
    ...table.columns.map(columnDefinition),
    ...keys.map((columns) => `CONSTRAINT ${quoted(`${table.name}_pkey`)} PRIMARY KEY (${names(columns)})`),
    ...table.checks.map((check) => `CONSTRAINT ${quoted(check.name)} CHECK (${expression(check.value)})`),
  ]
  if (table.uniqueConstraints.length > 0)
    throw new Error(`${table.name}: declare unique indexes, not unique constraints.`)
  return `CREATE TABLE ${quoted(table.name)} (\n  ${lines.join(',\n  ')}\n)`
}

function columnDefinition(column: PgColumn): string {
  const type =
    (is(column, PgEnumColumn) ? quoted(column.enum.enumName) : column.getSQLType()) + '[]'.repeat(column.dimensions)
  const identity = column.generatedIdentity
    ? ` GENERATED ${column.generatedIdentity.type.toUpperCase()} AS IDENTITY`
    : ''
  const value = column.default === undefined ? '' : ` DEFAULT ${defaultOf(column.default)}`
  return `${quoted(column.name)} ${type}${column.notNull ? ' NOT NULL' : ''}${identity}${value}`
}

function createIndex(table: TableConfig, index: Index): string {
  const { name, columns, unique, method, where } = index.config
  if (!name) throw new Error(`${table.name}: an index has no name.`)
  const parts = columns.map((part) => {
    if (is(part, SQL)) return expression(part)
    if (!is(part, IndexedColumn) || !part.name) throw new Error(`${name}: a part of the index is not a column.`)
    const { order, opClass } = part.indexConfig
    // Where nulls go stays PostgreSQL's default for the direction, which is what ORDER BY means without a word on it.
    return quoted(part.name) + (opClass ? ` ${opClass}` : '') + (order === 'desc' ? ' DESC' : '')
  })
  const condition = where ? ` WHERE ${expression(where)}` : ''
  return `CREATE ${unique ? 'UNIQUE ' : ''}INDEX ${quoted(name)} ON ${quoted(table.name)} USING ${method} (${parts.join(', ')})${condition}`
}

function addForeignKey(table: TableConfig, key: ForeignKey): string {
  const { columns, foreignTable, foreignColumns } = key.reference()
  const name = key.isNameExplicit()
    ? key.getName()
    : `${table.name}_${columns.map((column) => column.name).join('_')}_fkey`
  return (
    `ALTER TABLE ${quoted(table.name)} ADD CONSTRAINT ${quoted(name)} FOREIGN KEY (${names(columns)})` +
    ` REFERENCES ${quoted(getTableConfig(foreignTable).name)} (${names(foreignColumns)})` +
    ` ON DELETE ${key.onDelete ?? 'no action'} ON UPDATE ${key.onUpdate ?? 'no action'}`
  )
}

function defaultOf(value: unknown): string {
  if (is(value, SQL)) return expression(value)
  if (typeof value === 'string') return literal(value)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return literal(JSON.stringify(value))
}

// Column names in checks and index expressions stand alone: there is one table they can belong to.
function expression(value: SQL): string {
  return dialect.sqlToQuery(value.inlineParams()).sql.replaceAll(/"[^"]+"\.("[^"]+")/g, '$1')
}

function names(columns: readonly { name: string }[]): string {
  return columns.map((column) => quoted(column.name)).join(', ')
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
