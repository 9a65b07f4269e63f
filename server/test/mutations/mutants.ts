// Ways to break the isolation of tenants: one policy, one condition of a statement or one refusal removed at a time.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { exemptTables } from '../../src/drivers/database/row-security.exemptions.ts'

export interface Mutant {
  kind: 'policy' | 'condition' | 'refusal'
  /** What was removed, and from where: stays the same while the lines around it move. */
  name: string
  /** From the server's folder. */
  file: string
  /** The file with the removal. */
  text: string
}

const PROTECTION = 'migrations/after-each.sql'
const PERSON = /(?:\b\w+\.)?"userId" = (?:ANY\()?\$\{[^}]+\}\)?/g
const MISSING = /^\s*if \([^\n]+\)\s+throw \w+\('[\w.]*not_found'[^\n]*\)$/gm
// The back office sees all tenants: what it is refused is not about them.
const BACK_OFFICE = /identity\/admins\/|everywhere\.ts$/

/** Every mutant of the sources in the server's folder, in an order that does not change. */
export function mutantsOf(server: string): Mutant[] {
  return [...policies(server), ...conditions(server), ...refusals(server)]
}

/** Row security of one table that the program reads or writes. */
function policies(server: string): Mutant[] {
  const statements = sourcesOf(server, '**/*.queries.ts').map(({ text }) => text)
  const tables = sourcesOf(server, '**/*.tables.ts').flatMap(({ text }) =>
    text
      .split(/(?=pgTable\()/)
      .filter((part) => part.startsWith('pgTable(') && /\btenantId(:|\(\))/.test(part))
      .map((part) => /pgTable\(\s*'(\w+)'/.exec(part)![1]!),
  )
  const sql = readFileSync(join(server, PROTECTION), 'utf8')
  const isUsed = (table: string) =>
    statements.some((text) => new RegExp(`(?:FROM|JOIN|INTO|UPDATE) ${table}\\b`).test(text))
  return tables
    .filter((table) => isUsed(table) && !(table in exemptTables))
    .sort()
    .map((table) => ({
      kind: 'policy',
      name: `row security of ${table}`,
      file: PROTECTION,
      text: `${sql}\nALTER TABLE IF EXISTS "${table}" DISABLE ROW LEVEL SECURITY;\n`,
    }))
}

/** What binds a statement to a person, where no row security does: on tables that belong to no tenant, and across tenants. */
function conditions(server: string): Mutant[] {
  const personal = Object.keys(exemptTables).filter((table) => table !== 'users')
  const isOpen = (statement: string) =>
    personal.some((table) => new RegExp(`(?:FROM|JOIN|UPDATE) ${table}\\b`).test(statement))
  return replaced(server, '**/*.queries.ts', {
    kind: 'condition',
    expression: PERSON,
    removal: (found) => `(${found} OR TRUE)`,
    applies: (text, at) => isOpen(text.slice(text.lastIndexOf('sql`', at), text.indexOf('`', at))),
  })
}

/** A refusal of what is not there. */
function refusals(server: string): Mutant[] {
  return ['**/service/*.ts', '**/*.service.ts', '**/*.policy.ts'].flatMap((pattern) =>
    replaced(server, pattern, { kind: 'refusal', expression: MISSING, removal: () => '', applies: () => true }),
  )
}

interface Replacement {
  kind: Mutant['kind']
  expression: RegExp
  removal(found: string): string
  applies(text: string, at: number): boolean
}

function replaced(server: string, pattern: string, { kind, expression, removal, applies }: Replacement): Mutant[] {
  return sourcesOf(server, pattern)
    .filter(({ file }) => !BACK_OFFICE.test(file))
    .flatMap(({ file, text }) =>
      [...text.matchAll(expression)]
        .filter(({ index }) => applies(text, index))
        .map(({ 0: found, index }) => ({
          kind,
          name: `${found.trim().replace(/\s+/g, ' ')} in ${functionAround(text, index)} of ${file.replace('src/modules/', '')}`,
          file,
          text: text.slice(0, index) + removal(found) + text.slice(index + found.length),
        })),
    )
}

/** The name of the function or method that the position is in. */
function functionAround(text: string, at: number): string {
  const names = [...text.slice(0, at).matchAll(/(?:function |^ {2,4}(?:async )?)(\w+)(?:<[^>]+>)?\((?!.*\) throw)/gm)]
  return names.findLast(([, name]) => !['if', 'for', 'while', 'switch', 'return'].includes(name!))?.[1] ?? 'the top'
}

function sourcesOf(server: string, pattern: string): { file: string; text: string }[] {
  return globSync(`src/modules/${pattern}`, { cwd: server })
    .sort()
    .map((file) => ({ file, text: readFileSync(join(server, file), 'utf8') }))
}
