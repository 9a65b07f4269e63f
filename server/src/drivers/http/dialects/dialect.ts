// A dialect: a base path and how answers look there. Handlers never know.
import type { TSchema } from 'typebox'
import type { Problem } from '../../../core/errors.ts'
import type { Base, Route } from '../routes.ts'

export interface ProblemContext {
  status: number
  requestId: string
  /** Path of the request, without its query. */
  instance: string
}

export interface Dialect {
  base: Base
  /** Prepended to every route's path. */
  prefix: string
  title: string
  /** What happens to body keys that the schema does not name. */
  unknownKeys: 'refuse' | 'ignore'
  /** Routes that are served here, with the paths and methods of this base. */
  routes(all: readonly Route[]): Route[]
  /** What the caller sent, in the canonical form; before validation. */
  accept(route: Route, part: 'body' | 'query', value: unknown): unknown
  /** What the handler returned, in this base's form. */
  success(route: Route, value: unknown): unknown
  problem(problem: Problem, context: ProblemContext): { status: number; contentType: string; body: object }
  /** The schema of `success`, for the OpenAPI document. */
  answerSchema(route: Route): TSchema
  /** The schema of `problem`, for the OpenAPI document. */
  problemSchema: TSchema
  problemContentType: string
}

/** The routes that name the base, or name none and the base is one of the usual two. */
export function servedOn(base: Base, all: readonly Route[]): Route[] {
  return all.filter((route) => (route.bases ?? ['canonical', 'halolight']).includes(base))
}
