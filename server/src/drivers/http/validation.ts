// Validation: exact bodies, coerced queries, and strings that PostgreSQL can hold.
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import formats from 'ajv-formats'
import type { Static, TSchema } from 'typebox'
import { type FieldFault, requestErrors } from '../../core/errors.ts'
import { isTimestamp } from '../../core/timestamps.ts'
import { camelKeysFor } from './casing.ts'

type Part = FieldFault['in']

// Above this weight a value is told its first fault only: each further one would cost the only thread time for nothing. The weight is
// the number of values and keys inside, and one more for each 256 characters of text.
const HEAVY = 1_000
const MAX_FAULTS = 50

const all = enginesWith({ allErrors: true })
const first = enginesWith({ allErrors: false })

function enginesWith(options: { allErrors: boolean }) {
  const common = { ...options, useDefaults: true, strict: false, allowUnionTypes: true } as const
  return {
    exact: withFormats(new Ajv(common)),
    lenient: withFormats(new Ajv({ ...common, removeAdditional: true })),
    coercing: withFormats(new Ajv({ ...common, coerceTypes: true })),
  }
}

function withFormats(ajv: Ajv): Ajv {
  // The package is CommonJS: its function is the namespace's default.
  ;(formats as unknown as (ajv: Ajv) => void)(ajv)
  // Its own reads year 0, offsets of 23 hours and leap seconds, which PostgreSQL or this program do not.
  return ajv.addFormat('date-time', isTimestamp)
}

/** Marks a field of a body whose content the route reads by itself, each piece with a `bodyReader`, which finds what is wrong with it. */
export const READ_APART = Symbol('read apart')

/**
 * A check that throws `request.invalid` with every field at fault, up to fifty; of a value that is far larger than any route needs, with
 * the first. It is compiled when it is first asked: those of all routes would be half of a start, and most installations use few.
 */
export function compileCheck(
  part: Part,
  schema: TSchema,
  unknownKeys: 'refuse' | 'ignore',
): (value: unknown, message?: string) => void {
  const engine = engineFor(part, unknownKeys)
  let validateAll: ValidateFunction | undefined
  let validateFirst: ValidateFunction | undefined
  const fields = Object.entries((schema as { properties?: Record<string, object> }).properties ?? {})
  const apart = new Set(fields.flatMap(([key, field]) => (READ_APART in field ? [key] : [])))
  return (value, message) => {
    const faults: FieldFault[] = []
    if (isHeavy(value)) {
      validateFirst ??= first[engine].compile(schema)
      if (validateFirst(value)) collectUnreadable(value, { part, path: [], faults, apart })
      else faults.push(...faultsOf(validateFirst, part))
    } else {
      validateAll ??= all[engine].compile(schema)
      collectUnreadable(value, { part, path: [], faults, apart })
      if (!validateAll(value)) faults.push(...faultsOf(validateAll, part))
    }
    if (faults.length)
      throw requestErrors('request.invalid', { fields: faults.slice(0, MAX_FAULTS), ...(message && { message }) })
  }
}

/** Reads a value that stands in a body as if it were one of its own: keys in either spelling, unknown ones refused. */
export function bodyReader<T extends TSchema>(schema: T): (value: unknown) => Static<T> {
  const rename = camelKeysFor(schema)
  const check = compileCheck('body', schema, 'refuse')
  return (value) => {
    const read = rename(value)
    check(read)
    return read as Static<T>
  }
}

function engineFor(part: Part, unknownKeys: 'refuse' | 'ignore'): keyof typeof all {
  if (part !== 'body') return 'coercing'
  return unknownKeys === 'refuse' ? 'exact' : 'lenient'
}

function isHeavy(value: unknown): boolean {
  return weigh(value, HEAVY) < 0
}

/** What is left of an allowance after the value; below zero as soon as it is used up, however much or deep the rest is. */
function weigh(value: unknown, allowance: number): number {
  if (typeof value === 'string') return allowance - 1 - value.length / 256
  let left = allowance - 1
  if (left < 0 || value === null || typeof value !== 'object') return left
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length && left >= 0; at++) left = weigh(value[at], left)
    return left
  }
  for (const key in value) {
    left = weigh((value as Record<string, unknown>)[key], left - key.length / 256)
    if (left < 0) return left
  }
  return left
}

function faultsOf(validate: ValidateFunction, part: Part): FieldFault[] {
  const faults = new Map<string, FieldFault>()
  for (const error of validate.errors ?? []) {
    const path = pathOf(error)
    // One sentence a field: the first is the most basic (a missing key before its format).
    if (!faults.has(path)) faults.set(path, { in: part, path, code: codeOf(error), message: sentenceFor(error) })
  }
  return [...faults.values()]
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

interface Walk {
  part: Part
  /** The keys that lead to the value. */
  path: string[]
  faults: FieldFault[]
  /** Keys of the whole that are looked at elsewhere. */
  apart: ReadonlySet<string>
}

/** Adds the places whose text PostgreSQL cannot hold: it knows neither NUL nor half a surrogate pair. */
function collectUnreadable(value: unknown, walk: Walk): void {
  const { part, path, faults } = walk
  if (faults.length >= MAX_FAULTS) return
  const at = (code: string, message: string) => faults.push({ in: part, path: path.join('.'), code, message })
  if (typeof value === 'string') {
    if (value.includes('\0') || !value.isWellFormed()) at('unreadable_text', 'This holds characters that are not text.')
  } else if (value !== null && typeof value === 'object') {
    if (path.length > 32) return void at('too_deep', 'This is nested too deeply.')
    for (const key in value) {
      if (path.length === 0 && walk.apart.has(key)) continue
      collectUnreadable(key, walk)
      path.push(key)
      collectUnreadable((value as Record<string, unknown>)[key], walk)
      path.pop()
    }
  }
}
