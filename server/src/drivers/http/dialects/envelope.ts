// The envelope dialect, at the root: {success, message, data} with snake_case keys; validation answers 400.
import Type, { type TSchema } from 'typebox'
import { snakeKeys, toSnake } from '../casing.ts'
import type { Route } from '../routes.ts'
import { type Dialect, servedOn } from './dialect.ts'

export const envelope: Dialect = {
  base: 'envelope',
  prefix: '',
  title: 'Ashlar API, envelope dialect',
  unknownKeys: 'refuse',
  routes: (all) => servedOn('envelope', all),
  accept: (_route, _part, value) => value,
  success: (route, value) => {
    const { message } = (value ?? {}) as { message?: unknown }
    return {
      success: true,
      message: spoken(route, value) ?? (typeof message === 'string' ? message : 'OK'),
      data: snakeKeys(value),
    }
  },
  problem: (problem, { status }) => ({
    status: problem.kind === 'invalid' ? 400 : status,
    contentType: 'application/json; charset=utf-8',
    body: {
      success: false,
      message: problem.message,
      error: {
        code: problem.code,
        message: problem.message,
        details: snakeKeys({ ...problem.facts, ...(problem.fields.length && { fields: problem.fields }) }),
      },
    },
  }),
  answerSchema: (route) =>
    Type.Object({ success: Type.Literal(true), message: Type.String(), data: snakeSchema(route.answer) }),
  problemSchema: Type.Object(
    {
      success: Type.Literal(false),
      message: Type.String(),
      error: Type.Object({
        code: Type.String(),
        message: Type.String(),
        details: Type.Object({}, { additionalProperties: true }),
      }),
    },
    { title: 'Failure' },
  ),
  problemContentType: 'application/json',
}

function spoken({ message }: Route, value: unknown): string | undefined {
  return typeof message === 'function' ? message(value) : message
}

/** A schema with its property names in snake_case, all the way down. */
function snakeSchema(schema: TSchema): TSchema {
  const { title, properties, required, items, anyOf, ...rest } = schema as unknown as {
    title?: string
    properties?: Record<string, TSchema>
    required?: string[]
    items?: TSchema
    anyOf?: TSchema[]
  }
  return {
    ...rest,
    ...(title && { title: `${title}InEnvelope` }),
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([key, inner]) => [toSnake(key), snakeSchema(inner)]),
      ),
    }),
    ...(required && { required: [...new Set(required.map(toSnake))] }),
    ...(items && { items: snakeSchema(items) }),
    ...(anyOf && { anyOf: anyOf.map(snakeSchema) }),
  } as unknown as TSchema
}
