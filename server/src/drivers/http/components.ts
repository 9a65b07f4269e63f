// Shared parts of an OpenAPI document: a schema with a title stands once, under components, and is referred to by name.

type Json = Record<string, unknown>

/** Moves every titled schema below `node` into `schemas` and puts a reference in its place. */
export function hoistSchemas(node: unknown, schemas: Record<string, Json>): unknown {
  if (Array.isArray(node)) return node.map((inner) => hoistSchemas(inner, schemas))
  if (node === null || typeof node !== 'object') return node
  const { title, ...rest } = node as Json
  const inner = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, hoistSchemas(value, schemas)]))
  if (typeof title !== 'string' || !isSchema(rest)) return title === undefined ? inner : { title, ...inner }
  const name = freeName(title, inner, schemas)
  schemas[name] = inner
  return { $ref: `#/components/schemas/${name}` }
}

function isSchema(node: Json): boolean {
  return 'properties' in node || 'enum' in node || 'items' in node
}

/** Two dialects may give one title to two shapes: the second gets a number. */
function freeName(title: string, schema: Json, schemas: Record<string, Json>): string {
  const text = JSON.stringify(schema)
  for (let count = 1; ; count++) {
    const name = count === 1 ? title : `${title}${count}`
    const standing = schemas[name]
    if (standing === undefined || JSON.stringify(standing) === text) return name
  }
}
