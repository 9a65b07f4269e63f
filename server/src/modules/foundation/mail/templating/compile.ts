// From what an author wrote to what can be rendered, and to a whole mail.
import { oneLine } from '../../../../drivers/mailer/index.ts'
import { MAX_OUTPUT } from './bounds.ts'
import { COMMON, isProductTemplate, LAYOUT, OF_LAYOUT, secretsOf, valuesOf } from './catalogue.ts'
import { lineAt, TemplateFault } from './faults.ts'
import { type Parsed, parse, render, type Told, valuesIn } from './language.ts'
import { cleaned } from './markup.ts'
import { begins, type Piece, scan } from './scan.ts'
import { textOf, tidied } from './text.ts'
import { wordsOf } from './words.ts'

export interface Source {
  subject: string
  html: string
  /** Null: made from the HTML. */
  text: string | null
}

export interface Compiled {
  subject: Parsed
  html: Parsed
  text: Parsed | undefined
  /** Whether the product wrote it. */
  isTrusted: boolean
}

export interface Rendered {
  /** The language that was there for the one asked for. */
  locale: string
  subject: string
  html: string
  text: string
}

/** Judges and parses a template or a layout. Throws a TemplateFault. */
export function compileSource(name: string, source: Source, isTrusted: boolean): Compiled {
  const isLayout = name === LAYOUT
  const secrets = isProductTemplate(name) ? secretsOf(name) : []
  mustBeLine(source.subject)
  plainPieces('subject', source.subject, secrets)
  if (source.text !== null) plainPieces('text', source.text, secrets)
  const compiled = {
    subject: parse('subject', source.subject, 'text'),
    html: parse('html', cleaned('html', source.html, { secrets, isLayout }), 'html'),
    text: source.text === null ? undefined : parse('text', source.text, 'text'),
    isTrusted,
  }
  mustKnowValues(name, source, compiled)
  return compiled
}

/** Puts a mail together. `told` has every value of the template and of COMMON. Throws a TemplateFault. */
export function renderMail(mail: Compiled, layout: Compiled, locale: string, told: Told): Rendered {
  const { isTrusted } = mail
  const subject = oneLine(render(mail.subject, told, { locale, isTrusted }).rest).slice(0, 250)
  const { rest, blocks } = render(mail.html, told, { locale, isTrusted })
  if (rest.trim()) blocks.set('body', rest.trim() + (blocks.get('body') ?? ''))
  const { product } = told
  const around = {
    product,
    locale,
    subject,
    footer: wordsOf(locale).footer(String(product)),
    blocks: Object.fromEntries([...blocks].map(([name, content]) => [name, content !== ''])),
  }
  const html = render(layout.html, around, { locale, isTrusted: layout.isTrusted, blocks }).rest.trim()
  const text = mail.text ? tidied(render(mail.text, told, { locale, isTrusted }).rest) : textOf(html)
  if (text.length > MAX_OUTPUT) throw new TemplateFault('text', `This becomes longer than ${MAX_OUTPUT} characters.`)
  return { locale, subject, html, text }
}

function mustBeLine(subject: string): void {
  if (/\p{Cc}/u.test(subject)) throw new TemplateFault('subject', 'A subject is one line.')
}

/** A subject or a text, in which a secret stands between spaces or line breaks, and in no subject at all. */
function plainPieces(part: 'subject' | 'text', source: string, secrets: readonly string[]): void {
  const pieces = scan(part, source)
  const names = ({ content }: Piece) =>
    secrets.some((secret) => new RegExp(`\\b${secret}\\b`).test(content.replace(/"[^"]*"|'[^']*'/g, '')))
  for (const [at, piece] of pieces.entries()) {
    const fail = (message: string) => new TemplateFault(part, message, lineAt(source, piece.begin))
    if (begins(piece) && /^(?:block|button)$/.test(piece.name))
      throw fail(`The tag "${piece.name}" belongs into the HTML.`)
    if (piece.kind === 'text' || !names(piece)) continue
    if (part === 'subject') throw fail('A secret link cannot stand in a subject.')
    const [before, after] = [pieces[at - 1], pieces[at + 1]]
    const isApart = (!before || /\s$/.test(textIn(before))) && (!after || /^\s/.test(textIn(after)))
    if (piece.kind === 'tag' || !secrets.includes(piece.content) || !isApart)
      throw fail('A secret link is shown between spaces or line breaks, without filters, and not compared.')
  }
}

const textIn = ({ kind, source }: Piece) => (kind === 'text' ? source : '')

/** Templates of the product and layouts use what they are told, and nothing else; templates of a tenant's own are told anything. */
function mustKnowValues(name: string, source: Source, compiled: Compiled): void {
  const known = name === LAYOUT ? OF_LAYOUT : isProductTemplate(name) ? { ...COMMON, ...valuesOf(name) } : undefined
  if (!known) return
  const list = Object.keys(known).join(', ')
  for (const part of ['subject', 'html', 'text'] as const)
    for (const [value, line] of compiled[part] ? valuesIn(compiled[part]) : [])
      if (!Object.hasOwn(known, value))
        throw new TemplateFault(part, `There is no value "${value}" here. The values are ${list}.`, line)
  for (const piece of scan('html', source.html))
    if (piece.name === 'button' && !(known[piece.content]?.kind === 'address'))
      throw new TemplateFault('html', `A button needs the name of an address.`, lineAt(source.html, piece.begin))
}
