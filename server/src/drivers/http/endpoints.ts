// Every address that the routes are served at: what is mounted, as a list.
import { dialects } from './dialects/index.ts'
import type { Access, Base, Route } from './routes.ts'

export interface Endpoint {
  base: Base
  method: Route['method']
  /** The whole path, with parameters as OpenAPI writes them: `/api/v1/users/{id}`. */
  path: string
  operation: string
  access: Access
  /** Needs a recent proof of a secret. */
  fresh: boolean
}

/** One entry for each route and base, in the order of mounting. */
export function endpointsOf(routes: readonly Route[]): Endpoint[] {
  return dialects.flatMap((dialect) =>
    dialect.routes(routes).map(({ method, path, operation, access, fresh = false }) => ({
      base: dialect.base,
      method,
      path: (dialect.prefix + path).replace(/:(\w+)/g, '{$1}'),
      operation,
      access,
      fresh,
    })),
  )
}
