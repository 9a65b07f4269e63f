// Every dialect, in the order in which their bases are mounted.
import { canonical, plain } from './canonical.ts'
import type { Dialect } from './dialect.ts'
import { envelope } from './envelope.ts'
import { halolight } from './halolight.ts'

export type { Dialect } from './dialect.ts'
export { canonical, envelope, halolight, plain }

export const dialects: readonly Dialect[] = [canonical, halolight, envelope, plain]

/** The dialect that answers for a path that no route has: the one with the longest prefix. */
export function dialectFor(path: string): Dialect {
  if (path.startsWith('/api/v1/') || path === '/api/v1') return canonical
  if (path.startsWith('/api/') || path === '/api') return halolight
  return /^\/(auth|users|admin)(\/|$)/.test(path) ? envelope : plain
}
