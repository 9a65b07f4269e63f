// Written exceptions: each has a reason and the exact size, so that it can shrink and never grow.
import type { Finding, Workspace } from './workspace.ts'

export const EXCEPTIONS = 'tools/exceptions.json'
const REASON = 20

export interface Exception {
  check: string
  path: string
  subject?: string
  value?: number
  reason: string
}

/** The findings of a check that no exception covers, and what is wrong with the exceptions themselves. */
export function withoutExceptions(check: string, findings: Finding[], exceptions: Exception[]): Finding[] {
  const own = exceptions.filter((exception) => exception.check === check)
  const uncovered = findings.filter((finding) => !own.some((exception) => covers(exception, finding)))
  return [...uncovered, ...own.flatMap((exception) => exceptionFault(exception, findings))]
}

export function readExceptions(workspace: Workspace): Exception[] {
  return workspace.exists(EXCEPTIONS) ? (JSON.parse(workspace.read(EXCEPTIONS)) as Exception[]) : []
}

function isMeant(exception: Exception, finding: Finding): boolean {
  return !finding.warning && exception.path === finding.path && exception.subject === finding.subject
}

function covers(exception: Exception, finding: Finding): boolean {
  return isMeant(exception, finding) && (finding.value === undefined || finding.value <= (exception.value ?? 0))
}

function exceptionFault(exception: Exception, findings: Finding[]): Finding[] {
  const { path, subject, value, reason } = exception
  const name = subject ? `${path} (${subject})` : path
  const meant = findings.find((finding) => isMeant(exception, finding))
  if (!meant) return [{ path: EXCEPTIONS, message: `no longer needs ${name}: take it out` }]
  if ((reason ?? '').length < REASON) return [{ path: EXCEPTIONS, message: `gives no reason for ${name}` }]
  if (meant.value !== undefined && value !== undefined && meant.value < value) {
    return [{ path: EXCEPTIONS, message: `allows ${value} for ${name}, which has ${meant.value} now: lower it` }]
  }
  return []
}
