// The other back end of a shared database: statements as the Prisma client of HaloLight's NestJS back end sends them.
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import pg from 'pg'

type Row = Record<string, unknown>

interface Column {
  name: string
  type: string
  required: boolean
  /** What its schema gives where nothing is said; the client writes it out. */
  standard?: unknown
}

export interface Prisma {
  /** INSERT of a row with its own id, times and defaults; answers all columns of its schema. */
  create(table: string, data: Row): Promise<Row>
  update(table: string, id: string, data: Row): Promise<Row>
  /** DELETE by whatever names the rows. */
  remove(table: string, where: Row): Promise<number>
  /** SELECT of every column that its schema has, and of no other. */
  find(table: string, where?: Row): Promise<Row[]>
  count(table: string, where?: Row): Promise<number>
  /** Several of them in one transaction. */
  transaction(work: () => Promise<void>): Promise<void>
  /** Reads all tables as its client does; sentences about what the client could not read. */
  unreadable(): Promise<string[]>
  end(): Promise<void>
}

/** Without an id of their own. */
const JOINS = [
  'role_permissions',
  'user_roles',
  'team_members',
  'document_tags',
  'event_attendees',
  'conversation_participants',
]

/** cuid, version 1: `c` and 24 of a to z and 0 to 9. */
export const cuid = () =>
  `c${BigInt(`0x${randomBytes(20).toString('hex')}`)
    .toString(36)
    .padStart(24, '0')
    .slice(-24)}`

export async function connectPrisma(url: string): Promise<Prisma> {
  const { tables, enums } = await readSchema()
  const client = new pg.Client({ connectionString: url })
  // Rows as they stand, whatever the machine's zone is.
  client.setTypeParser(1114, (text) => text)
  await client.connect()
  // Prisma says nothing of zones: the server's own may be any.
  await client.query("SET TIME ZONE 'Asia/Shanghai'")

  const columnsOf = (table: string) => {
    const columns = tables.get(table)
    if (!columns) throw new Error(`The other back end has no table ${table}.`)
    return columns
  }
  const named = (table: string, column: string) => `"public"."${table}"."${column}"`
  const listed = (table: string) =>
    columnsOf(table)
      .map(({ name }) => named(table, name))
      .join(', ')
  const cast = (table: string, name: string, at: number) => {
    const type = columnsOf(table).find((one) => one.name === name)?.type ?? ''
    return enums.has(type) ? `CAST($${at}::text AS "public"."${type}")` : `$${at}`
  }
  const condition = (table: string, where: Row, from = 0) =>
    `(${[...Object.keys(where).map((key, at) => `${named(table, key)} = ${cast(table, key, from + at + 1)}`), '1=1'].join(' AND ')})`

  async function inOwn<T>(work: () => Promise<T>): Promise<T> {
    await client.query('BEGIN')
    const result = await work().catch(async (error) => {
      await client.query('ROLLBACK')
      throw error
    })
    await client.query('COMMIT')
    return result
  }
  let isOpen = false
  const each = <T>(work: () => Promise<T>) => (isOpen ? work() : inOwn(work))

  const prisma: Prisma = {
    create: (table, data) =>
      each(async () => {
        const row: Row = {}
        for (const { name, standard } of columnsOf(table)) {
          if (name === 'id' && !JOINS.includes(table)) row.id = cuid()
          else if (name === 'updatedAt' || standard === 'now') row[name] = timestamp()
          else if (standard !== undefined) row[name] = standard
          if (data[name] !== undefined) row[name] = data[name]
        }
        const names = Object.keys(row)
        const { rows } = await client.query(
          `INSERT INTO "public"."${table}" (${names.map((name) => `"${name}"`).join(',')}) VALUES (${names
            .map((name, at) => cast(table, name, at + 1))
            .join(',')}) RETURNING ${listed(table)}`,
          Object.values(row),
        )
        return rows[0]
      }),
    update: (table, id, data) =>
      each(async () => {
        const row = columnsOf(table).some(({ name }) => name === 'updatedAt')
          ? { ...data, updatedAt: timestamp() }
          : data
        const names = Object.keys(row)
        const set = names.map((name, at) => `"${name}" = ${cast(table, name, at + 1)}`).join(', ')
        const { rows } = await client.query(
          `UPDATE "public"."${table}" SET ${set} WHERE ${condition(table, { id }, names.length)} RETURNING ${listed(table)}`,
          [...Object.values(row), id],
        )
        return rows[0]
      }),
    remove: (table, where) =>
      each(async () => {
        const text = `DELETE FROM "public"."${table}" WHERE ${condition(table, where)}`
        return (await client.query(text, Object.values(where))).rowCount ?? 0
      }),
    async find(table, where = {}) {
      const text = `SELECT ${listed(table)} FROM "public"."${table}" WHERE ${condition(table, where)} OFFSET 0`
      return (await client.query(text, Object.values(where))).rows
    },
    async count(table, where = {}) {
      const first = columnsOf(table)[0]!.name
      const inner = `SELECT ${named(table, first)} FROM "public"."${table}" WHERE ${condition(table, where)} OFFSET 0`
      const { rows } = await client.query(
        `SELECT COUNT(*) AS "_count._all" FROM (${inner}) AS "sub"`,
        Object.values(where),
      )
      return Number(rows[0]['_count._all'])
    },
    async transaction(work) {
      await inOwn(async () => {
        isOpen = true
        await work().finally(() => {
          isOpen = false
        })
      })
      await client.query('DEALLOCATE ALL')
    },
    async unreadable() {
      const faults: string[] = []
      for (const [table, columns] of tables) {
        for (const row of await prisma.find(table)) {
          for (const { name, type, required } of columns) {
            const value = row[name]
            if (value === null ? required : enums.has(type) && !enums.get(type)!.includes(String(value)))
              faults.push(`${table}.${name} of ${row.id ?? JSON.stringify(row)} is ${value}`)
          }
        }
      }
      return faults
    },
    end: () => client.end(),
  }
  return prisma
}

/** As its engine writes them: UTC, without a zone. */
export const timestamp = (at = Date.now()) => new Date(at).toISOString().replace('T', ' ').slice(0, -1)

async function readSchema() {
  const script = await readFile(new URL('./fixtures/halolight.sql', import.meta.url), 'utf8')
  const enums = new Map(
    [...script.matchAll(/CREATE TYPE "(\w+)" AS ENUM \(([^)]+)\)/g)].map(([, name, values]) => [
      name!,
      values!.split(', ').map((value) => value.slice(1, -1)),
    ]),
  )
  const tables = new Map<string, Column[]>()
  for (const [, table, body] of script.matchAll(/CREATE TABLE "(\w+)" \(\n([\s\S]*?)\n\);/g)) {
    if (table!.startsWith('_')) continue
    const columns = [...body!.matchAll(/^ {4}"(\w+)" ("?\w+"?)(?:\(\d\))?( NOT NULL)?(?: DEFAULT ([^,]+))?,?$/gm)]
    tables.set(
      table!,
      columns.map(([, name, type, required, standard]) => ({
        name: name!,
        type: type!.replaceAll('"', ''),
        required: required !== undefined,
        ...(standard !== undefined && { standard: standardOf(standard) }),
      })),
    )
  }
  return { tables, enums }
}

function standardOf(text: string): unknown {
  if (text === 'CURRENT_TIMESTAMP') return 'now'
  if (text === 'true' || text === 'false') return text === 'true'
  return text.startsWith("'") ? text.slice(1, -1) : Number(text)
}
