// SQL as tagged templates: values become parameters, fragments nest, and nothing else can enter a statement.
import template, { empty, join, raw, Sql } from 'sql-template-tag'

export { empty, join, type Sql }

/** A statement or a fragment of one. Interpolated values become `$n` parameters; interpolated fragments are spliced in. */
export const sql = template

/** A quoted identifier (`"createdAt"`), for names that come from a list in our own code. */
export function identifier(name: string): Sql {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new Error(`Not an identifier: ${name}`)
  return raw(`"${name}"`)
}

/**
 * An integer that stands in the statement itself, for LIMIT: a parameter there keeps PostgreSQL from one plan for all
 * calls, and planning costs more than a short page. Only for numbers of few values: each makes a statement of its own.
 */
export function literal(value: number): Sql {
  if (!Number.isSafeInteger(value)) throw new Error(`Not an integer: ${value}`)
  return raw(String(value))
}

/**
 * `"a" = $1, "b" = $2` for the keys that are not undefined; keys are columns of our own code, never a caller's. A value may
 * be a fragment: `{ ...changes, updatedAt: NOW }`.
 */
export function assignments(changes: Record<string, unknown>): Sql {
  const parts = Object.entries(changes)
    .filter(([, value]) => value !== undefined)
    .map(([column, value]) => sql`${identifier(column)} = ${value}`)
  return join(parts, ', ')
}

export const NOW = sql`now()`

/** `AND` the row is still of the version that the caller saw, the time of its last change in milliseconds; nothing where none is named. */
export function atVersion(version: number | undefined): Sql {
  return version === undefined ? empty : sql`AND floor(extract(epoch FROM "updatedAt") * 1000) = ${version}`
}

/** ` AND `-joined conditions as a WHERE clause, or nothing when there is none. */
export function where(conditions: (Sql | undefined | false)[]): Sql {
  const present = conditions.filter((condition): condition is Sql => Boolean(condition))
  return present.length ? sql`WHERE ${join(present, ' AND ')}` : empty
}

/** A LIKE pattern that finds the text anywhere, with the text's own wildcards taken literally. */
export function containing(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`
}

/**
 * A statement that a library wrote: its text with `$1`, `$2` … and the values for them, passed on as they are. The way for
 * a driver to let such a library work inside our transaction; the index of this driver does not hand it to modules.
 */
export function foreign(text: string, values: readonly unknown[] = []): Sql {
  return new ForeignStatement(text, values)
}

class ForeignStatement extends Sql {
  readonly #text: string

  constructor(text: string, values: readonly unknown[]) {
    super(Array<string>(values.length + 1).fill(''), values)
    this.#text = text
  }

  override get text(): string {
    return this.#text
  }
}
