// Validation: exact bodies, coerced queries, and strings that PostgreSQL can hold.
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import formats from 'ajv-formats'
import type { TSchema } from 'typebox'
import { type FieldFault, requestErrors } from '../../core/errors.ts'

type Part = FieldFault['in']

const common = { allErrors: true, useDefaults: true, strict: false, allowUnionTypes: true } as const
const exact = withFormats(new Ajv(common))
const lenient = withFormats(new Ajv({ ...common, removeAdditional: true }))
const coercing = withFormats(new Ajv({ ...common, coerceTypes: true }))

function withFormats(ajv: Ajv): Ajv {
  // The package is CommonJS: its function is the namespace's default.
  ;(formats as unknown as (ajv: Ajv) => void)(ajv)
  return ajv
}

/** Compiles a check that throws `request.invalid` with every field at fault. */
export function compileCheck(part: Part, schema: TSchema, unknownKeys: 'refuse' | 'ignore'): (value: unknown) => void {
  const validate = engineFor(part, unknownKeys).compile(schema)
  return (value) => {
    const faults = [...unreadableText(value, part), ...(validate(value) ? [] : faultsOf(validate, part))]
    if (faults.length) throw requestErrors('request.invalid', { fields: faults })
  }
}

function engineFor(part: Part, unknownKeys: 'refuse' | 'ignore'): Ajv {
  if (part !== 'body') return coercing
  return unknownKeys === 'refuse' ? exact : lenient
}

function faultsOf(validate: ValidateFunction, part: Part): FieldFault[] {
  const faults = new Map<string, FieldFault>()
  for (const error of validate.errors ?? []) {
    const path = pathOf(error)
    // One sentence a field: the first is the most basic (a missing key before its format).
    if (!faults.has(path)) faults.set(path, { in: part, path, code: codeOf(error), message: sentenceFor(error) })
  }
  return [...faults.values()].slice(0, 50)
}

function pathOf(error: ErrorObject): string {
  const base = error.instancePath.slice(1).replaceAll('/', '.')
  const key = (error.params.missingProperty ?? error.params.additionalProperty) as string | undefined
  return [base, key].filter(Boolean).join('.')
}

function codeOf(error: ErrorObject): string {
  return (
    {
      required: 'missing',
      additionalProperties: 'unknown',
      minLength: 'too_short',
      maxLength: 'too_long',
      enum: 'not_allowed',
    }[error.keyword] ?? error.keyword
  )
}

function sentenceFor(error: ErrorObject): string {
  switch (error.keyword) {
    case 'required':
      return 'This field is required.'
    case 'additionalProperties':
      return 'This field is not known here.'
    case 'enum':
      return `One of: ${(error.params.allowedValues as unknown[]).join(', ')}.`
    case 'format':
      return `This is not a valid ${error.params.format === 'date-time' ? 'date and time (ISO 8601)' : error.params.format}.`
    case 'type':
      return `This must be of type ${error.params.type}.`
    default: {
      const message = error.message ?? 'is not valid'
      return `This ${message}.`
    }
  }
}

/** PostgreSQL's text holds neither NUL nor half a surrogate pair. */
function unreadableText(value: unknown, part: Part, path = '', depth = 0): FieldFault[] {
  if (typeof value === 'string') {
    return value.includes('\0') || !value.isWellFormed()
      ? [{ in: part, path, code: 'unreadable_text', message: 'This holds characters that are not text.' }]
      : []
  }
  if (value === null || typeof value !== 'object') return []
  if (depth > 32) return [{ in: part, path, code: 'too_deep', message: 'This is nested too deeply.' }]
  return Object.entries(value).flatMap(([key, inner]) => [
    ...unreadableText(key, part, path, depth),
    ...unreadableText(inner, part, path ? `${path}.${key}` : key, depth + 1),
  ])
}
