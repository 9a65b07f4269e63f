// What the server itself says in mails, by language: durations, dates, and the sentences around a template.

/** The languages that the product's mails are written in; the first one is the last resort. */
export const LANGUAGES = ['en', 'de', 'zh-CN'] as const
export type Language = (typeof LANGUAGES)[number]

/** What stands in place of a device that nobody could name. */
const UNKNOWN_DEVICE = 'Unknown device'

interface Words {
  /** Above the address of a button. */
  help: string
  /** Below every mail; `product` is put in. */
  footer(product: string): string
  device: string
  /** `Firefox 128 on Linux`, by its parts. */
  browser(name: string, system: string): string
}

const WORDS: Record<Language, Words> = {
  en: {
    help: 'If the button does not work, open this address:',
    footer: (product) => `${product} sent this because of your account. Nobody reads answers to this address.`,
    device: 'an unknown device',
    browser: (name, system) => `${name} on ${system}`,
  },
  de: {
    help: 'Falls die Schaltfläche nicht funktioniert, öffnen Sie diese Adresse:',
    footer: (product) =>
      `Diese E-Mail hat ${product} wegen Ihres Kontos gesendet. Antworten an diese Adresse werden nicht gelesen.`,
    device: 'ein unbekanntes Gerät',
    browser: (name, system) => `${name} unter ${system}`,
  },
  'zh-CN': {
    help: '如果按钮无法使用，请打开以下网址：',
    footer: (product) => `本邮件因您的账户由 ${product} 自动发送。请勿回复，此地址不接收来信。`,
    device: '未知设备',
    browser: (name, system) => `${name}（${system}）`,
  },
}

/** The words of the nearest language that the product speaks. */
export function wordsOf(locale: string): Words {
  return WORDS[nearest(locale) ?? LANGUAGES[0]]
}

/** `de-CH` is German, every kind of Chinese is answered in the one there is. */
export function nearest(locale: string): Language | undefined {
  const language = languageOf(locale)
  return LANGUAGES.find((one) => languageOf(one) === language)
}

const languageOf = (locale: string) => locale.toLowerCase().split(/[-_]/)[0]

/** `zh-CN` for `zh_cn`; undefined for what names no language. */
export function canonicalLocale(locale: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(locale.replaceAll('_', '-'))[0]
  } catch {
    return undefined
  }
}

/** The first language of an Accept-Language header that the product speaks. */
export function preferredLanguage(header: string | undefined): string | undefined {
  const ranges = (header ?? '')
    .slice(0, 500)
    .split(',')
    .map((range, place) => {
      const [tag = '', ...parameters] = range.split(';').map((part) => part.trim())
      const quality = Number(parameters.find((one) => one.startsWith('q='))?.slice(2) ?? 1)
      return { locale: canonicalLocale(tag), quality: Number.isFinite(quality) ? quality : 0, place }
    })
  const liked = ranges.filter(({ quality }) => quality > 0).sort((a, b) => b.quality - a.quality || a.place - b.place)
  return liked.find(({ locale }) => locale !== undefined && nearest(locale) !== undefined)?.locale
}

/** Minutes, hours or days, as the language says them. */
export function spokenDuration(seconds: number, locale: string): string {
  const minutes = Math.round(seconds / 60)
  const hours = Math.round(minutes / 60)
  if (minutes < 120) return amount(minutes, 'minute', locale)
  return hours < 72 ? amount(hours, 'hour', locale) : amount(Math.round(hours / 24), 'day', locale)
}

function amount(value: number, unit: string, locale: string): string {
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(value)
}

/** A point in time as the language writes it, in UTC; undefined for what is none. */
export function spokenDate(value: unknown, locale: string, withTime: boolean): string | undefined {
  const date = new Date(typeof value === 'number' || typeof value === 'string' ? value : Number.NaN)
  if (Number.isNaN(date.getTime())) return undefined
  const style: Intl.DateTimeFormatOptions = { dateStyle: 'long', timeZone: 'UTC' }
  if (withTime) style.timeStyle = 'short'
  return `${new Intl.DateTimeFormat(locale, style).format(date)}${withTime ? ' UTC' : ''}`
}

/** From when to when, on the clock of the zone, which is named; empty for what is no period. */
export function spokenPeriod(period: string, locale: string): string {
  const [, start, end, kind, zone] = /^([^/]+)\/([^/]+)\/(times|days)\[([\w/+-]+)\]$/.exec(period) ?? []
  if (start === undefined || end === undefined) return ''
  const [from, to] = [new Date(start), new Date(end)]
  if (kind === 'days') {
    // The day after the last is not shown.
    const last = new Date(Math.max(to.getTime() - 86_400_000, from.getTime()))
    return new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeZone: 'UTC' }).formatRange(from, last)
  }
  const style: Intl.DateTimeFormatOptions = { dateStyle: 'full', timeStyle: 'short' }
  return `${new Intl.DateTimeFormat(locale, { ...style, timeZone: zone! }).formatRange(from, to)} (${zone})`
}

/** A device by the name that sessions give it. */
export function spokenDevice(device: string, locale: string): string {
  const words = wordsOf(locale)
  if (device === UNKNOWN_DEVICE) return words.device
  const [, name, system] = /^(.+) on (.+)$/.exec(device) ?? []
  return name !== undefined && system !== undefined ? words.browser(name, system) : device
}
