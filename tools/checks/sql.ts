// Where SQL may stand, and that none of it is put together from strings.
import type { Node } from 'acorn'
import { type Check, type Finding, isTest, lineOf, type Source, walk } from './workspace.ts'

const DATABASE = 'server/src/drivers/database/'
const PLACES = /\.(?:queries|tables)\.ts$|\/queries\/|^server\/src\/drivers\//
const STATEMENT =
  /^\s*(?:SELECT\s|INSERT INTO\s|UPDATE\s+\S+\s+SET\s|DELETE FROM\s|WITH\s+\S+\s+AS\s|(?:CREATE|ALTER|DROP)\s+(?:TABLE|INDEX|ROLE|POLICY|TYPE|SCHEMA|FUNCTION|UNIQUE)\s|TRUNCATE\s|SET LOCAL\s)/

export const sqlPlaces: Check = {
  name: 'SQL',
  remedy:
    'Statements are sql`…` templates in <module>.queries.ts that take an executor first; only drivers/database knows pg, its pool and raw().',
  run(workspace) {
    return workspace
      .sources('server/src')
      .filter(({ path }) => !isTest(path))
      .flatMap(faultsOf)
  },
}

function faultsOf(source: Source): Finding[] {
  const { path } = source
  if (path.startsWith(DATABASE)) return []
  const findings: Finding[] = []
  for (const { from, line } of source.imports) {
    if (/^(?:pg|pg-pool|pg-cursor|pg-query-stream|postgres|sql-template-tag)$/.test(from)) {
      findings.push({ path, line, message: `imports ${from}: only drivers/database may` })
    }
  }
  walk(source.ast, (node, ancestors) => {
    const message = callFault(node) ?? textFault(node, ancestors.at(-1), PLACES.test(path))
    if (message) findings.push({ path, line: lineOf(node), message })
  })
  return findings
}

function callFault(node: Node): string | undefined {
  if (node.type !== 'CallExpression') return undefined
  const { callee } = node as Node & {
    callee: Node & {
      name?: string
      object?: { name?: string; property?: { name?: string } }
      property?: { name?: string }
    }
  }
  if (callee.type === 'Identifier' && callee.name === 'raw')
    return 'calls raw(): text that is no constant has no place in a statement'
  const method = callee.type === 'MemberExpression' ? callee.property?.name : undefined
  const owner = callee.object?.name ?? callee.object?.property?.name ?? ''
  if ((method === 'query' || method === 'connect') && /pool$/i.test(owner))
    return `calls ${owner}.${method}(): take an executor`
  return undefined
}

function textFault(node: Node, parent: Node | undefined, allowed: boolean): string | undefined {
  if (node.type === 'TaggedTemplateExpression') {
    const { tag } = node as Node & { tag: { name?: string } }
    return tag.name === 'sql' && !allowed ? 'holds SQL: it belongs into <module>.queries.ts' : undefined
  }
  if (node.type === 'Literal') {
    const { value } = node as Node & { value: unknown }
    return typeof value === 'string' && STATEMENT.test(value) && !allowed
      ? 'holds SQL in a string: it belongs into <module>.queries.ts'
      : undefined
  }
  if (node.type !== 'TemplateLiteral' || parent?.type === 'TaggedTemplateExpression') return undefined
  const { quasis, expressions } = node as Node & { quasis: { value: { raw: string } }[]; expressions: Node[] }
  if (!STATEMENT.test(quasis[0]?.value.raw ?? '')) return undefined
  if (expressions.length > 0) return 'builds SQL from strings: write it as an sql`…` template'
  return allowed ? undefined : 'holds SQL in a string: it belongs into <module>.queries.ts'
}
