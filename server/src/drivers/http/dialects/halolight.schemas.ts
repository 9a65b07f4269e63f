// What the document of this base says of fields that have another shape here than elsewhere.
import Type, { type TSchema } from 'typebox'
import type { Route } from '../routes.ts'

interface Shape {
  properties?: Record<string, TSchema>
  items?: TSchema
  anyOf?: TSchema[]
}

interface Difference {
  operation: RegExp
  key: string
  schema(ours: TSchema): TSchema
  /** What stands below this key is as it is elsewhere. */
  notBelow?: string
}

const Permission = Type.Object({
  id: Type.String(),
  action: Type.String({ description: 'The bare verb.' }),
  resource: Type.String(),
  description: Type.String(),
})

const inLowerCase = (ours: TSchema): TSchema => {
  const { enum: words } = ours as unknown as { enum: string[] }
  return { ...ours, enum: words.map((word) => word.toLowerCase()) } as unknown as TSchema
}

const DIFFERENCES: Difference[] = [
  {
    operation: /^auth\.(me|login|register|verifyMfa)$/,
    key: 'permissions',
    schema: () => Type.Array(Permission),
    notBelow: 'roles',
  },
  {
    operation: /^conversations\./,
    key: 'lastMessage',
    schema: () => Type.String({ description: 'Its text; empty where there is none.' }),
  },
  {
    operation: /^calendar\./,
    key: 'reminders',
    schema: () => Type.Array(Type.String({ format: 'date-time' }), { description: 'When they come.' }),
  },
  { operation: /^calendar\./, key: 'status', schema: inLowerCase },
]

/** The schema of an answer as `success` shows it. */
export function asPresented({ operation }: Pick<Route, 'operation'>, schema: TSchema): TSchema {
  return DIFFERENCES.filter((one) => one.operation.test(operation)).reduce(
    (changed, difference) => withDifference(changed, difference),
    schema,
  )
}

function withDifference(schema: TSchema, difference: Difference): TSchema {
  const { properties, items, anyOf, ...rest } = schema as unknown as Shape
  const changed = ([key, inner]: [string, TSchema]): [string, TSchema] => {
    if (key === difference.key) return [key, difference.schema(inner)]
    return [key, key === difference.notBelow ? inner : withDifference(inner, difference)]
  }
  return {
    ...rest,
    ...(properties && { properties: Object.fromEntries(Object.entries(properties).map(changed)) }),
    ...(items && { items: withDifference(items, difference) }),
    ...(anyOf && { anyOf: anyOf.map((one) => withDifference(one, difference)) }),
  } as unknown as TSchema
}
