// `npm run check`: every rule of the house, in parallel and without a database. One line for each, and what to do where one fails.
import { boundaries } from './checks/boundaries.ts'
import { budgets } from './checks/budgets.ts'
import { format, generated, types } from './checks/commands.ts'
import { comments } from './checks/comments.ts'
import { documents } from './checks/documents.ts'
import { environment } from './checks/environment.ts'
import { type Exception, readExceptions, withoutExceptions } from './checks/exceptions.ts'
import { sqlPlaces } from './checks/sql.ts'
import { type Check, type Finding, type Workspace, workspaceAt } from './checks/workspace.ts'
import { root } from './generated.ts'

const CHECKS: Check[] = [format, types, generated, boundaries, budgets, sqlPlaces, environment, comments, documents]

const workspace = workspaceAt(root)
const exceptions = readExceptions(workspace)
const passed = await Promise.all(CHECKS.map((check) => report(check, workspace, exceptions)))
process.exitCode = passed.every(Boolean) ? 0 : 1

/** Runs a check and prints its line. True when it passed. */
async function report(check: Check, where: Workspace, allowed: Exception[]): Promise<boolean> {
  const start = performance.now()
  const findings = withoutExceptions(check.name, await findingsOf(check, where), allowed)
  const failures = findings.filter((finding) => !finding.warning)
  const warnings = findings.length - failures.length
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  const state = failures.length > 0 ? 'FAIL' : 'ok'
  const counted = [failures.length > 0 && `${failures.length} to mend`, warnings > 0 && `${warnings} to watch`].filter(
    Boolean,
  )
  const lines = [`${state.padEnd(5)} ${check.name.padEnd(16)} ${seconds} s  ${counted.join(', ')}`.trimEnd()]
  lines.push(...findings.map(line))
  if (failures.length > 0) lines.push(`      → ${check.remedy}`)
  console.log(lines.join('\n'))
  return failures.length === 0
}

/** A file that cannot be parsed is a finding too. */
async function findingsOf(check: Check, where: Workspace): Promise<Finding[]> {
  try {
    return await check.run(where)
  } catch (error) {
    return [{ path: check.name, message: `could not run: ${(error as Error).message}` }]
  }
}

function line({ path, line: number, message, warning }: Finding): string {
  const where = number === undefined ? path : `${path}:${number}`
  return `      ${warning ? 'watch ' : ''}${where} ${message.replaceAll('\n', '\n        ')}`
}
