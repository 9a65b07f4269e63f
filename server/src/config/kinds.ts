// The kinds of settings: each names a variable, says what it means, and reads its text into a value.
import { listItems, readBoolean, Unreadable, uncommented } from './formats.ts'

export type Environment = 'development' | 'staging' | 'production' | 'test'

/** One variable: what it is called, what it means, and how its text becomes a value. */
export interface Setting<T> {
  readonly name: string
  readonly about: string
  /** Other names under which the same value may stand. */
  readonly aliases: readonly string[]
  /** A secret is never printed, and may also be read from the file that `<NAME>_FILE` names. */
  readonly secret: boolean
  /** What may stand there, in words. */
  readonly allowed: string
  readonly fallback: T
  readonly fallbackIn: Partial<Record<Environment, T>>
  /** The default as a person would write it. */
  readonly shown: string
  /** Whether a fault may quote the text. */
  readonly quotable: boolean
  /** Reads the text; throws an `Unreadable` that says what was expected. */
  parse(text: string): T
}

interface Options<T, D> {
  default?: D
  defaultIn?: Partial<Record<Environment, T>>
  aliases?: readonly string[]
  /** How to write the default when it is worked out at start. */
  shown?: string
  secret?: boolean
}

interface Kind<T> {
  allowed: string
  quotable: boolean
  parse: (text: string) => T
  show?: (value: T) => string
}

function setting<T, D extends T | undefined>(
  name: string,
  about: string,
  options: Options<T, D>,
  kind: Kind<T>,
): Setting<T | D> {
  const show = kind.show ?? String
  return {
    name,
    about,
    aliases: options.aliases ?? [],
    secret: options.secret ?? false,
    allowed: kind.allowed,
    fallback: options.default as D,
    fallbackIn: options.defaultIn ?? {},
    shown: options.shown ?? (options.default === undefined ? '' : show(options.default)),
    quotable: kind.quotable && !options.secret,
    parse: kind.parse,
  }
}

interface TextOptions<D> extends Options<string, D> {
  allowed?: string
  /** Reads or refuses the text. */
  read?: (text: string) => string
}

/** Free text, or text of a shape that `read` knows. */
export function text<D extends string | undefined = undefined>(
  name: string,
  about: string,
  options: TextOptions<D> = {},
) {
  const parse = options.read ?? ((given: string) => given)
  return setting<string, D>(name, about, options, { allowed: options.allowed ?? 'text', quotable: false, parse })
}

/** Text that nobody may see. */
export function secret(name: string, about: string, options: TextOptions<undefined> = {}) {
  return text(name, about, { ...options, secret: true })
}

export function boolean<D extends boolean | undefined = undefined>(
  name: string,
  about: string,
  options: Options<boolean, D> = {},
) {
  return setting<boolean, D>(name, about, options, { allowed: 'true or false', quotable: true, parse: readBoolean })
}

/** One of a few words, whatever their case; `also` maps other words to them. */
export function choice<const W extends string, D extends W | undefined = undefined>(
  name: string,
  about: string,
  options: Options<W, D> & { of: readonly W[]; also?: Record<string, W> },
) {
  const parse = (given: string): W => {
    const word = uncommented(given).toLowerCase()
    const found = options.of.find((one) => one.toLowerCase() === word) ?? options.also?.[word]
    if (found === undefined) throw new Unreadable(`must be one of ${options.of.join(', ')}`)
    return found
  }
  return setting<W, D>(name, about, options, { allowed: options.of.join(', '), quotable: true, parse })
}

interface Bounds {
  min: number
  max?: number
}

export function integer<D extends number | undefined = undefined>(
  name: string,
  about: string,
  options: Options<number, D> & Bounds,
) {
  const allowed = `a whole number ${range(options)}`
  const parse = (given: string): number => {
    const digits = uncommented(given)
    if (!/^-?\d{1,15}$/.test(digits)) throw new Unreadable(`must be ${allowed}`)
    return within(Number(digits), options, allowed)
  }
  return setting<number, D>(name, about, options, { allowed, quotable: true, parse })
}

const MILLISECONDS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const UNIT_NAMES = { ms: 'milliseconds', s: 'seconds', m: 'minutes', h: 'hours', d: 'days' }
type TimeUnit = keyof typeof MILLISECONDS

/**
 * A length of time. A bare number counts in `unit`; `500ms`, `30s`, `15m`, `12h` and `7d` are understood everywhere.
 * Defaults and bounds are in `unit`, the value is in `to`.
 */
export function duration(
  name: string,
  about: string,
  options: Omit<Options<number, number>, 'default'> & Bounds & { default: number; unit: TimeUnit; to: 's' | 'ms' },
): Setting<number> {
  const { unit, to } = options
  const allowed = `${UNIT_NAMES[unit]} ${range(options)}, or a number with ms, s, m, h or d`
  const convert = (amount: number, from: TimeUnit): number => (amount * MILLISECONDS[from]) / MILLISECONDS[to]
  const parse = (given: string): number => {
    const parts = /^(\d{1,12}(?:\.\d{1,3})?) ?(ms|s|m|h|d)?$/.exec(uncommented(given))
    if (!parts) throw new Unreadable(`must be ${allowed}`)
    const from = (parts[2] ?? unit) as TimeUnit
    within((Number(parts[1]) * MILLISECONDS[from]) / MILLISECONDS[unit], options, allowed)
    return Math.round(convert(Number(parts[1]), from))
  }
  const defaultIn = Object.fromEntries(
    Object.entries(options.defaultIn ?? {}).map(([environment, amount]) => [environment, convert(amount, unit)]),
  )
  const base = setting<number, number>(
    name,
    about,
    { ...options, default: convert(options.default, unit), defaultIn },
    { allowed, quotable: true, parse },
  )
  return { ...base, shown: options.shown ?? String(options.default) }
}

const BYTES = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }
type SizeUnit = keyof typeof BYTES

/** A size in bytes. A bare number counts in `unit`; `64kB`, `10MB` and `1GB` are understood everywhere, 1 kB being 1024 bytes. */
export function size(
  name: string,
  about: string,
  options: Omit<Options<number, number>, 'default' | 'defaultIn'> & Bounds & { default: number; unit: SizeUnit },
): Setting<number> {
  const unitName = options.unit === 'b' ? 'bytes' : options.unit === 'kb' ? 'kB' : options.unit.toUpperCase()
  const allowed = `${unitName} ${range(options)}, or a number with kB, MB or GB`
  const parse = (given: string): number => {
    const parts = /^(\d{1,15}(?:\.\d{1,3})?) ?(b|kb|mb|gb|ki?b|mi?b|gi?b)?$/i.exec(uncommented(given))
    if (!parts) throw new Unreadable(`must be ${allowed}`)
    const from = (parts[2]?.toLowerCase().replace('i', '') ?? options.unit) as SizeUnit
    const bytes = Math.round(Number(parts[1]) * BYTES[from])
    within(bytes / BYTES[options.unit], options, allowed)
    return bytes
  }
  const inBytes = options.default * BYTES[options.unit]
  const base = setting<number, number>(
    name,
    about,
    { ...options, default: inBytes },
    { allowed, quotable: true, parse },
  )
  return { ...base, shown: options.shown ?? String(options.default) }
}

/** So many in so many seconds. */
export interface Rate {
  limit: number
  windowSeconds: number
}

const WINDOWS: Record<string, number> = {
  s: 1,
  sec: 1,
  second: 1,
  m: 60,
  min: 60,
  minute: 60,
  h: 3600,
  hour: 3600,
  d: 86_400,
  day: 86_400,
}

/** A rate per minute as a bare number, or `10/second`, `100/minute`, `1000/hour`. */
export function rate(
  name: string,
  about: string,
  options: { default: number; aliases?: readonly string[] },
): Setting<Rate> {
  const allowed = 'a whole number per minute from 1, or such as 10/second, 100/minute, 1000/hour'
  const parse = (given: string): Rate => {
    const parts = /^(\d{1,9}) ?(?:(?:\/|per) ?([a-z]+))?$/i.exec(uncommented(given))
    const windowSeconds = parts?.[2] === undefined ? 60 : WINDOWS[parts[2].toLowerCase()]
    if (!parts || windowSeconds === undefined || Number(parts[1]) < 1) throw new Unreadable(`must be ${allowed}`)
    return { limit: Number(parts[1]), windowSeconds }
  }
  const value = { limit: options.default, windowSeconds: 60 }
  return setting<Rate, Rate>(
    name,
    about,
    { ...options, default: value, shown: String(options.default) },
    { allowed, quotable: true, parse },
  )
}

interface ListOptions<T> extends Options<T[], T[]> {
  default: T[]
  of: string
  item: (text: string) => T
}

/** Several values: separated by commas, or a JSON array of strings. */
export function list<T>(name: string, about: string, options: ListOptions<T>): Setting<T[]> {
  const parse = (given: string): T[] => listItems(given).map(options.item)
  const allowed = `${options.of}, separated by commas or as a JSON array`
  return setting<T[], T[]>(name, about, options, { allowed, quotable: false, parse, show: (value) => value.join(',') })
}

function range({ min, max }: Bounds): string {
  return max === undefined ? `from ${min}` : `from ${min} to ${max}`
}

function within(value: number, { min, max }: Bounds, allowed: string): number {
  if (value < min || (max !== undefined && value > max)) throw new Unreadable(`must be ${allowed}`)
  return value
}
