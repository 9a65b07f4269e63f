// The mails the server writes: what each is told, and its words by language from the files under templates/.
import { readdirSync, readFileSync } from 'node:fs'
import { oneLine } from '../../../drivers/mailer/index.ts'
import { fillHtml, fillText, namesIn, textOf, type Values } from './render.ts'

/** What each mail may be told. `secret` values are live: who reads one can act with it. */
const TEMPLATES = {
  verify_email: { values: ['name', 'link', 'life'], secret: ['link'] },
  password_reset: { values: ['name', 'link', 'life'], secret: ['link'] },
  password_reset_success: { values: ['name', 'ip'], secret: [] },
  password_changed: { values: ['name', 'ip'], secret: [] },
  account_invitation: { values: ['name', 'link', 'life'], secret: ['link'] },
  tenant_invitation: { values: ['tenant', 'inviter', 'link', 'life'], secret: ['link'] },
  confirm_address: { values: ['name', 'link', 'life'], secret: ['link'] },
  address_change_requested: { values: ['name', 'address', 'ip'], secret: [] },
  address_changed: { values: ['name', 'address', 'ip'], secret: [] },
  password_set: { values: ['name'], secret: [] },
  new_device: { values: ['name', 'device', 'ip'], secret: [] },
  token_created: { values: ['name', 'token', 'ip'], secret: [] },
  mfa_enabled: { values: ['name', 'ip'], secret: [] },
  mfa_disabled: { values: ['name', 'ip'], secret: [] },
  mfa_guessing: { values: ['name', 'ip'], secret: [] },
  recovery_codes_renewed: { values: ['name', 'ip'], secret: [] },
  recovery_code_used: { values: ['name', 'ip'], secret: [] },
  session_replayed: { values: ['name', 'device', 'ip'], secret: [] },
} as const satisfies Record<string, { values: readonly string[]; secret: readonly string[] }>

export type TemplateName = keyof typeof TEMPLATES
export const templateNames = Object.keys(TEMPLATES) as TemplateName[]

export interface Rendered {
  /** The language that was there for the one asked for. */
  locale: string
  subject: string
  html: string
  text: string
}

export interface Templates {
  /** Throws when a value is unknown to the template, or a link that it needs is no web address. */
  render(template: TemplateName, locale: string | null | undefined, values: Values): Rendered
  /** The values without what is secret in them: everything but the name, where the template does not say what is. */
  withoutSecrets(template: TemplateName, values: Values): Values
  isSecret(template: TemplateName): boolean
}

interface Source {
  subject: string
  html: string
  text: string
}

export const FALLBACK = 'en'
const FOLDER = new URL('./templates/', import.meta.url)

/** Reads every template, and throws when one is missing in the fallback language or uses what it is not told. */
export function createTemplates(product: string): Templates {
  const locales = new Map(readdirSync(FOLDER).map((locale) => [locale.toLowerCase(), readLocale(locale)]))

  return {
    render(template, asked, given) {
      const locale = candidates(asked).find((one) => locales.get(one)?.has(template)) ?? FALLBACK
      const source = locales.get(locale)!.get(template)!
      const values = { ...checked(template, given), product }
      return {
        locale,
        subject: oneLine(fillText(source.subject, values)),
        html: fillHtml(source.html, values),
        text: fillText(source.text, values).replace(/\n{3,}/g, '\n\n'),
      }
    },
    withoutSecrets(template, given) {
      const { secret }: { secret: readonly string[] } = TEMPLATES[template]
      const harmless = ([name, value]: [string, string]): string => {
        if (secret.length === 0) return name === 'name' ? value : ''
        return secret.includes(name) ? withoutToken(value) : value
      }
      return Object.fromEntries(Object.entries(given).map((entry) => [entry[0], harmless(entry)]))
    },
    isSecret: (template) => TEMPLATES[template].secret.length > 0,
  }
}

/** `de-CH` may be answered in `de-ch`, in `de`, and in the fallback. */
function candidates(locale: string | null | undefined): string[] {
  const wanted = (locale ?? '').toLowerCase().replaceAll('_', '-')
  return [wanted, wanted.split('-')[0]!, FALLBACK]
}

function readLocale(locale: string): Map<TemplateName, Source> {
  const folder = new URL(`${locale}/`, FOLDER)
  const files = new Set(readdirSync(folder))
  const layout = readFileSync(new URL('layout.html', folder), 'utf8')
  const sources = new Map<TemplateName, Source>()
  for (const name of templateNames) {
    if (files.has(`${name}.html`))
      sources.set(name, sourceOf(name, readFileSync(new URL(`${name}.html`, folder), 'utf8'), layout))
    else if (locale === FALLBACK) throw new Error(`The mail template ${locale}/${name}.html is missing.`)
  }
  return sources
}

function sourceOf(name: TemplateName, file: string, layout: string): Source {
  const [head, subject = ''] = /^<title>(.+)<\/title>\s*/.exec(file) ?? []
  if (head === undefined) throw new Error(`The mail template ${name} must begin with its subject as a <title>.`)
  const html = layout.replace('<!-- content -->', () => file.slice(head.length).trim())
  const { values, secret }: { values: readonly string[]; secret: readonly string[] } = TEMPLATES[name]
  const unknown = namesIn(html + subject).filter((one) => one !== 'product' && !values.includes(one))
  if (unknown.length > 0) throw new Error(`The mail template ${name} uses ${unknown.join(', ')}, which it is not told.`)
  if (namesIn(subject).some((one) => secret.includes(one))) throw new Error(`The subject of ${name} shows a secret.`)
  return { subject: textOf(subject), html, text: textOf(html) }
}

function checked(template: TemplateName, given: Values): Values {
  const { values: known }: { values: readonly string[] } = TEMPLATES[template]
  const unknown = Object.keys(given).filter((name) => !known.includes(name))
  if (unknown.length > 0) throw new Error(`The mail ${template} is not told ${unknown.join(', ')}.`)
  if (known.includes('link') && !/^https?:$/.test(URL.parse(given.link ?? '')?.protocol ?? ''))
    throw new Error(`The mail ${template} needs the address of a web page as its link.`)
  const oneLined = Object.entries(given).map(([name, value]) => [
    name,
    CHOSEN.has(name) ? spokenName(value) : oneLine(value),
  ])
  return Object.fromEntries(oneLined)
}

/** Values that people choose. */
const CHOSEN = new Set(['name', 'tenant', 'inviter'])

/** People choose names, and mail programs make links of what looks like one: such a name is left out. */
function spokenName(name: string): string {
  const line = oneLine(name)
  return line.length > 100 || /[/\\<>@]|\bwww\.|\p{L}\.\p{L}{2,}/u.test(line) ? '' : line
}

function withoutToken(link: string): string {
  const address = URL.parse(link)
  return address ? `${address.origin}${address.pathname}` : ''
}
