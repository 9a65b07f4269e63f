// What can be done to a value on its way into a mail: the library's filters give way to these few.
import type { Context } from 'liquidjs'
import { oursOf } from './bounds.ts'
import { asText, webAddress } from './escaping.ts'
import { spokenDate } from './words.ts'

type Filtering = { context: Context }

export const FILTERS = {
  default: (value: unknown, other: unknown) =>
    value === undefined || value === null || value === false || value === '' ? other : value,
  upcase: (value: unknown) => asText(value).toUpperCase(),
  downcase: (value: unknown) => asText(value).toLowerCase(),
  capitalize: (value: unknown) => asText(value).replace(/^./u, (first) => first.toUpperCase()),
  strip: (value: unknown) => asText(value).trim(),
  size: (value: unknown) => (Array.isArray(value) ? value.length : asText(value).length),

  truncate(value: unknown, length: unknown = 50) {
    const text = [...asText(value)]
    const most = Math.max(1, Math.trunc(Number(length)) || 1)
    return text.length > most ? `${text.slice(0, most - 1).join('')}…` : text.join('')
  },

  join: (value: unknown, between: unknown = ', ') =>
    Array.isArray(value) ? value.map(asText).join(asText(between)) : asText(value),

  date(this: Filtering, value: unknown, style: unknown) {
    const date = spokenDate(value, oursOf(this.context).locale, style === 'time')
    if (date === undefined) throw new Error('This is no date that can be written')
    return date
  },

  number(this: Filtering, value: unknown) {
    const number = typeof value === 'number' ? value : Number(asText(value) || Number.NaN)
    if (!Number.isFinite(number)) throw new Error('This is no number that can be written')
    return new Intl.NumberFormat(oursOf(this.context).locale).format(number)
  },

  /** Put around a value that is a whole address of a link. */
  web_address: webAddress,
}
