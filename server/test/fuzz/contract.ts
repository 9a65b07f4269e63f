// What the served documents promise of every answer, and whether one keeps it.
import { Ajv, type ValidateFunction } from 'ajv'
import formats from 'ajv-formats'
import { type Dialect, dialectFor } from '../../src/drivers/http/dialects/index.ts'
import type { RawAnswer } from '../../src/drivers/http/edge.fixture.ts'

interface Documented {
  /** `GET /api/v1/users/{id}`. */
  name: string
  method: string
  segments: string[]
  responses: Record<string, { content?: Record<string, { schema: object }> }>
  /** The number of the document that it stands in. */
  from: number
}

interface OpenApi {
  components: object
  paths: Record<string, Record<string, Pick<Documented, 'responses'>>>
}

export interface Contract {
  /** Every operation, by name. */
  names: readonly string[]
  /** The name of the operation that the address belongs to; undefined where there is none. */
  nameOf(method: string, path: string): string | undefined
  /** How the answer breaks the promise; undefined when it does not. */
  breachOf(method: string, path: string, answer: RawAnswer): string | undefined
}

/** What an address that no operation has may answer. */
const STRAY = [400, 404, 405, 413, 415, 431]

export function contractOf(documents: readonly object[]): Contract {
  const ajv = new Ajv({ strict: false, logger: false })
  // The package is CommonJS: its function is the namespace's default.
  ;(formats as unknown as (ajv: Ajv) => void)(ajv)
  const operations = (documents as OpenApi[]).flatMap(({ components, paths }, from) => {
    ajv.addSchema({ components }, `document${from}`)
    return Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { responses }]): Documented => {
        const upper = method.toUpperCase()
        return { name: `${upper} ${path}`, method: upper, segments: path.split('/'), responses, from }
      }),
    )
  })

  const checks = new Map<string, ValidateFunction>()
  function checkFor(schema: object, from: number): ValidateFunction {
    const text = JSON.stringify(schema).replaceAll('"#/components', `"document${from}#/components`)
    const known = checks.get(text)
    if (known) return known
    const check = ajv.compile(JSON.parse(text))
    checks.set(text, check)
    return check
  }

  function find(method: string, path: string): Documented | undefined {
    const segments = segmentsOf(path)
    if (!segments) return undefined
    return operations
      .filter((one) => one.method === method && fits(one.segments, segments))
      .sort((a, b) => literals(b) - literals(a))[0]
  }

  return {
    names: operations.map(({ name }) => name),
    nameOf: (method, path) => find(method, path)?.name,
    breachOf(method, path, answer) {
      const operation = find(method, path)
      const refusal = answer.status < 400 ? undefined : refusalFault(dialectFor(path.split(/[?#]/)[0]!), answer)
      if (refusal) return refusal
      if (!operation)
        return STRAY.includes(answer.status) ? undefined : `answered ${answer.status} where no operation is`
      const documented = operation.responses[answer.status]
      if (!documented)
        return `answered ${answer.status}, which its document does not name: ${answer.text.slice(0, 200)}`
      return contentFault(documented.content ?? {}, answer, (schema) => checkFor(schema, operation.from))
    },
  }
}

/** Undefined for an address that cannot be decoded. */
function segmentsOf(path: string): string[] | undefined {
  try {
    return path.split(/[?#]/)[0]!.split('/').map(decodeURIComponent)
  } catch {
    return undefined
  }
}

function fits(template: readonly string[], segments: readonly string[]): boolean {
  return template.length === segments.length && template.every((one, at) => isParameter(one) || one === segments[at])
}

const isParameter = (segment: string) => segment.startsWith('{')
const literals = ({ segments }: Documented) => segments.filter((one) => !isParameter(one)).length

function contentFault(
  content: Record<string, { schema: object }>,
  { status, headers, text }: RawAnswer,
  checkFor: (schema: object) => ValidateFunction,
): string | undefined {
  const type = headers['content-type']?.split(';')[0]
  if (Object.keys(content).length === 0) return text === '' ? undefined : `answered ${status} with a body`
  const documented = content[type ?? ''] ?? content['*/*']
  if (!documented) return `answered ${status} as ${type}, which its document does not name`
  if (!/\bjson$/.test(type ?? '') || content['*/*'] === documented) return undefined
  const body = parsed(text)
  if (body === undefined) return `answered ${status} with no JSON: ${text.slice(0, 100)}`
  const check = checkFor(documented.schema)
  if (check(body)) return undefined
  const { instancePath, message } = check.errors![0]!
  return `answered ${status} outside its schema, ${instancePath || 'the whole'} ${message}: ${text.slice(0, 300)}`
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Beside its schema a refusal names itself: by its status and the request's id, in the words of the dialect. */
function refusalFault({ base }: Pick<Dialect, 'base'>, { status, headers, text }: RawAnswer): string | undefined {
  const body = parsed(text)
  if (!body) return `answered ${status} with no JSON: ${text.slice(0, 100)}`
  const shapes = {
    canonical: () =>
      body.status === status &&
      typeof body.code === 'string' &&
      typeof body.detail === 'string' &&
      Array.isArray(body.errors) &&
      body.requestId === headers['x-request-id'],
    halolight: () =>
      (typeof body.detail === 'string' || Array.isArray(body.detail)) &&
      typeof body.message === 'string' &&
      typeof body.code === 'string',
    envelope: () =>
      body.success === false &&
      typeof body.message === 'string' &&
      typeof (body.error as { code?: unknown })?.code === 'string',
  }
  const isRight = shapes[base === 'plain' ? 'canonical' : base]()
  return isRight ? undefined : `answered ${status} in another shape: ${text.slice(0, 200)}`
}
