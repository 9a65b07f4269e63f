// What templates are told, checked and made harmless before they see it.
import { oneLine } from '../../../../drivers/mailer/index.ts'
import { isProductTemplate, type TemplateName, type ValueRule, valuesOf } from './catalogue.ts'
import { TemplateFault } from './faults.ts'
import type { Told } from './language.ts'
import { spokenDevice, spokenDuration, spokenPeriod } from './words.ts'

/** What a mail of the product is told. Durations are seconds. */
export type Values = Record<string, string | number>

const MAX_TEXT = 10_000
const MAX_PARTS = 1_000
const MAX_DEPTH = 5

/** Everything that the product's template may use, in words of the language. What is not told is empty. Throws a TemplateFault. */
export function productTold(name: TemplateName, given: Told, locale: string): Told {
  const rules = valuesOf(name)
  const unknown = Object.keys(given).filter((one) => !Object.hasOwn(rules, one))
  if (unknown.length > 0) throw new TemplateFault('values', `The mail ${name} is not told ${unknown.join(', ')}.`)
  return Object.fromEntries(
    // Null, since an empty text would count as there: {% if name %}.
    Object.entries(rules).map(([one, rule]) => [one, said(name, rule, given[one] ?? '', locale) || null]),
  )
}

function said(name: string, { kind, isSecret }: ValueRule, value: unknown, locale: string): string {
  if (typeof value !== 'string' && typeof value !== 'number')
    throw new TemplateFault('values', `The mail ${name} is told texts and numbers only.`)
  const line = oneLine(String(value)).slice(0, MAX_TEXT)
  if (kind === 'chosen') return spokenName(line)
  if (kind === 'device') return spokenDevice(line, locale)
  if (kind === 'period') return spokenPeriod(line, locale)
  if (kind === 'duration') return typeof value === 'number' ? spokenDuration(value, locale) : line
  // A mail whose purpose is its link is none without it.
  if (kind === 'address' && (isSecret || line) && !/^https?:$/.test(URL.parse(line)?.protocol ?? ''))
    throw new TemplateFault('values', `The mail ${name} needs the address of a web page as its link.`)
  return line
}

/** People choose names, and mail programs make links of what looks like one: such a name is left out. */
function spokenName(line: string): string {
  return line.length > 100 || /[/\\<>@]|\bwww\.|\p{L}\.\p{L}{2,}/u.test(line) ? '' : line
}

/** Values for a template of a tenant's own: plain data within bounds. Throws a TemplateFault. */
export function ownTold(given: unknown): Told {
  let parts = 0
  const copied = (value: unknown, depth: number): unknown => {
    if (++parts > MAX_PARTS) throw new TemplateFault('values', `There are more than ${MAX_PARTS} values.`)
    if (depth > MAX_DEPTH) throw new TemplateFault('values', `Values are nested more than ${MAX_DEPTH} deep.`)
    if (typeof value === 'string') {
      if (value.length > MAX_TEXT) throw new TemplateFault('values', `A value is longer than ${MAX_TEXT} characters.`)
      return value.replaceAll('\0', '').toWellFormed()
    }
    if (value === null || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)))
      return value
    if (Array.isArray(value)) return value.map((one) => copied(one, depth + 1))
    if (typeof value !== 'object') throw new TemplateFault('values', 'Values are texts, numbers, lists and objects.')
    const entries = Object.entries(value).filter(([key]) => /^[A-Za-z]\w{0,49}$/.test(key))
    return Object.fromEntries(entries.map(([key, one]) => [key, copied(one, depth + 1)]))
  }
  return copied(given, 0) as Told
}

/** The values without what is secret in them: everything but the name, where the template does not say what is. */
export function withoutSecrets(name: string, given: Values): Values {
  if (!isProductTemplate(name)) return {}
  const rules = valuesOf(name)
  const known = Object.values(rules).some(({ isSecret }) => isSecret)
  const harmless = ([one, value]: [string, string | number]): string | number => {
    if (!known) return one === 'name' ? value : ''
    return rules[one]?.isSecret ? withoutToken(String(value)) : value
  }
  return Object.fromEntries(Object.entries(given).map((entry) => [entry[0], harmless(entry)]))
}

function withoutToken(link: string): string {
  const address = URL.parse(link)
  return address ? `${address.origin}${address.pathname}` : ''
}
