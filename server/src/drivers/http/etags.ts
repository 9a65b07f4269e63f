// Entity tags (RFC 9110, 8.8.3): the version of a single resource is its `updatedAt`; the tag also holds its content, which may
// show things that change by themselves.
import { createHash } from 'node:crypto'
import { kindOf, requestErrors } from '../../core/errors.ts'
import type { Route } from './routes.ts'

/** `updatedAt` of a single resource in milliseconds, undefined for anything else. */
export function versionOf(value: unknown): number | undefined {
  const { updatedAt } = (value ?? {}) as { updatedAt?: unknown }
  if (typeof updatedAt !== 'string') return undefined
  const time = Date.parse(updatedAt)
  return Number.isNaN(time) ? undefined : time
}

/** `"<version>-<digest of the content>"`. */
export function etagOf(version: number, content: string): string {
  return `"${version}-${createHash('sha256').update(content).digest('base64url').slice(0, 12)}"`
}

/** Whether the route changes only the version that If-Match names: those say so by the error of a stale one. */
export function comparesVersions({ errors = [] }: Pick<Route, 'errors'>): boolean {
  return errors.some((code) => kindOf(code) === 'stale')
}

/** Reads If-Match for a route. A change that would be made whatever the version is refuses to be bound to one. */
export function versionReader(route: Route): (header: string | undefined) => number | undefined {
  if (route.method === 'GET' || comparesVersions(route)) return parseIfMatch
  return (header) => {
    if (parseIfMatch(header) === undefined) return undefined
    throw requestErrors('request.malformed', {
      message: 'This route compares no versions: it takes no If-Match.',
    })
  }
}

/** The version that If-Match names; undefined when it names none or any (`*`). */
function parseIfMatch(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === '*') return undefined
  const version = /^(?:W\/)?"(\d{1,15})(?:-[\w-]{12})?"$/.exec(header.trim())?.[1]
  if (version === undefined)
    throw requestErrors('request.malformed', { message: 'If-Match must be one ETag that this server gave.' })
  return Number(version)
}

/** Whether an If-None-Match header lists the tag, or any (`*`). */
export function matches(header: string | undefined, etag: string): boolean {
  return header?.split(',').some((one) => ['*', etag].includes(one.trim().replace(/^W\//, ''))) ?? false
}
