// The HTML of templates: read strictly, judged by lists of what may be in it, and written anew, so that every mail program reads
// what was judged. Values and tags of the language stand in it as marks.
import { parseDocument } from 'htmlparser2'
import { escapeHtml } from './escaping.ts'
import { lineAt, TemplateFault } from './faults.ts'
import { ALLOWED, ATTRIBUTES, EMPTY, mustBeHarmlessStyle, mustBeImage, OF_ELEMENT } from './markup.lists.ts'
import { begins, endedBy, type Piece, scan } from './scan.ts'

export interface MarkupRules {
  /** Values that nobody but the reader may learn: shown alone, or the whole address of a link. */
  secrets: readonly string[]
  /** Layouts are whole documents. */
  isLayout: boolean
}

type Document = ReturnType<typeof parseDocument>
type Node = Document['children'][number]
type Element = Extract<Node, { attribs: unknown }>
type TextNode = Extract<Node, { data: string; type: 'text' }>

const [OPEN, CLOSE] = ['\uE000', '\uE001']
const MAX_DEPTH = 40
const MARK = /\uE000(\d+)\uE001/g

/** The source, judged and written anew. Throws a TemplateFault at what cannot be in it. */
export function cleaned(part: string, source: string, rules: MarkupRules): string {
  return new Cleaner(part, source, rules).clean()
}

class Cleaner {
  private readonly part: string
  private readonly source: string
  private readonly rules: MarkupRules
  private readonly pieces: Piece[]
  /** Where each piece begins in the marked text. */
  private readonly starts: number[] = []
  /** The element that each begun tag stands in. */
  private readonly open: unknown[] = []
  private depth = 0

  constructor(part: string, source: string, rules: MarkupRules) {
    this.part = part
    this.source = source
    this.rules = rules
    this.pieces = scan(part, source)
  }

  clean(): string {
    let marked = ''
    for (const [at, piece] of this.pieces.entries()) {
      this.starts.push(marked.length)
      marked += piece.kind === 'text' ? piece.source : `${OPEN}${at}${CLOSE}`
    }
    const document = parseDocument(marked, { withStartIndices: true, decodeEntities: true })
    const written = document.children.map((node) => this.node(node, undefined)).join('')
    this.mustHoldAll(written)
    return written.replace(MARK, (_, at: string) => this.pieces[Number(at)]!.source)
  }

  /** Every place once and in its order: the parser drops what stands where nothing can. */
  private mustHoldAll(written: string): void {
    const kept = [...written.matchAll(MARK)].map(([, at]) => Number(at))
    const all = this.pieces.flatMap(({ kind }, at) => (kind === 'text' ? [] : [at]))
    const lost = all.find((at, place) => kept[place] !== at)
    const piece = lost === undefined ? undefined : this.pieces[lost]!
    if (piece)
      throw new TemplateFault(this.part, `"${piece.source}" cannot stand here.`, lineAt(this.source, piece.begin))
    if (kept.length !== all.length) throw new TemplateFault(this.part, 'This has characters that cannot be sent.')
  }

  private fail(message: string, place: number | null): TemplateFault {
    const at = Math.max(
      this.starts.findLastIndex((start) => start <= (place ?? 0)),
      0,
    )
    const piece = this.pieces[at]
    const within = piece?.kind === 'text' ? (place ?? 0) - this.starts[at]! : 0
    return new TemplateFault(this.part, message, lineAt(this.source, (piece?.begin ?? 0) + within))
  }

  private node(node: Node, parent: Element | undefined): string {
    if (node.type === 'text') return this.text(node as TextNode, parent)
    if ('attribs' in node) return this.element(node as Element)
    if (node.type === 'directive' && /^!doctype html$/i.test(node.data) && this.rules.isLayout) return '<!doctype html>'
    throw this.fail(
      'HTML comments and directives cannot be used: write {% comment %}…{% endcomment %}.',
      node.startIndex,
    )
  }

  private element(element: Element): string {
    const { name, attribs, children, startIndex } = element
    if (++this.depth > MAX_DEPTH) throw this.fail(`Elements are nested more than ${MAX_DEPTH} deep.`, startIndex)
    const written = this.written(name, attribs, children, element)
    this.depth--
    return written
  }

  private written(name: string, attribs: Record<string, string>, children: Node[], element: Element): string {
    const { startIndex } = element
    if (name.includes(OPEN) || !ALLOWED.has(name))
      throw this.fail(`The element <${visible(name)}> cannot be used.`, startIndex)
    if (/^(?:html|head|body|title|meta)$/.test(name) && !this.rules.isLayout)
      throw this.fail(`The element <${name}> belongs to the layout.`, startIndex)
    const attributes = Object.entries(attribs).map(([key, value]) => ` ${key}="${this.attribute(element, key, value)}"`)
    const head = `<${name}${attributes.join('')}>`
    if (EMPTY.has(name)) return head
    if (name !== 'style') return `${head}${children.map((node) => this.node(node, element)).join('')}</${name}>`
    const style = children.map((node) => ('data' in node ? node.data : '')).join('')
    if (style.includes(OPEN)) throw this.fail('No values or tags can stand in a style.', startIndex)
    mustBeHarmlessStyle(style, (message) => this.fail(message, startIndex))
    return `${head}${style}</style>`
  }

  private attribute(element: Element, key: string, value: string): string {
    const { name, startIndex } = element
    const fail = (message: string) => this.fail(message, startIndex)
    if (!ATTRIBUTES.has(key) && !OF_ELEMENT[name]?.includes(key) && !/^aria-[a-z]+$/.test(key))
      throw fail(`The attribute ${visible(key)} of <${name}> cannot be used.`)
    const marks = [...value.matchAll(MARK)].map(([, at]) => this.pieces[Number(at)]!)
    if (marks.some(({ kind }) => kind === 'tag')) throw fail(`A tag cannot stand inside of an attribute (${key}).`)
    if (
      marks.some((piece) => this.isSecret(piece)) &&
      !(key === 'href' && this.isWhole(value) && this.isBare(marks[0]!))
    )
      throw fail(`A secret link can only be the whole address of a link: <a href="{{ … }}">.`)
    if (key === 'href') return this.address(element, value, marks)
    if (marks.length > 0 && !/^(?:alt|title|lang|aria-label)$/.test(key))
      throw fail(`A value cannot stand in the attribute ${key}.`)
    if (/^(?:colspan|rowspan|span|start)$/.test(key) && !/^\d{1,3}$/.test(value))
      throw fail(`The attribute ${key} is a number of up to three digits.`)
    if (key === 'style') mustBeHarmlessStyle(value, fail)
    if (key === 'src') mustBeImage(value, fail)
    return escaped(value)
  }

  /** Where a link leads: a whole value, which is checked when it is known, or an address that begins with its host. */
  private address(element: Element, value: string, marks: Piece[]): string {
    const address = value.trim()
    if (this.isWhole(address)) {
      const [mark] = marks
      const at = this.pieces.indexOf(mark!)
      this.pieces[at] = { ...mark!, source: `{{ ${mark!.content} | web_address }}` }
      return address
    }
    const bare = address.replace(MARK, '')
    const isComplete = /^https?:\/\/[^\s/?#\uE000]+(?:[/?#]|$)/.test(address) || /^mailto:[^\s\uE000]+$/.test(address)
    if (/^#[\w-]*$/.test(address)) return address
    if (!isComplete || !URL.canParse(bare))
      throw this.fail('A link leads to a whole web address, to a mailbox, or to one value.', element.startIndex)
    return escaped(address)
  }

  private text(node: TextNode, parent: Element | undefined): string {
    for (const [mark, at] of node.data.matchAll(MARK)) this.mark(this.pieces[Number(at)]!, mark, node, parent)
    return escaped(node.data)
  }

  private mark(piece: Piece, mark: string, node: TextNode, parent: Element | undefined): void {
    const fail = (message: string) => new TemplateFault(this.part, message, lineAt(this.source, piece.begin))
    if (parent?.name === 'title' && piece.kind === 'tag') throw fail('A tag cannot stand in a title.')
    if (piece.kind === 'output') {
      if (!this.isSecret(piece)) return
      const isAlone = node.data.trim() === mark && parent?.children.every((one) => one === node)
      if (!isAlone || !this.mayShow(parent, piece))
        throw fail('A secret link is shown alone in a <p>, <div> or <td>, without filters, or in the link to itself.')
      return
    }
    if (/^(?:block|button)$/.test(piece.name) && within(parent, 'a'))
      throw fail(`The tag "${piece.name}" cannot stand in a link.`)
    if (piece.name !== 'button' && this.namesSecret(piece)) throw fail('A secret link can only be shown, not compared.')
    if (piece.name === 'block' && !this.rules.isLayout && (parent || this.open.length > 0))
      throw fail('A block stands by itself, in no element and no tag.')
    if (begins(piece)) this.open.push(parent)
    else if ((endedBy(piece) === undefined ? this.open.at(-1) : this.open.pop()) !== parent)
      throw fail(`"${piece.source}" must stand in the same element as what it belongs to.`)
  }

  private isWhole = (value: string) => /^\uE000\d+\uE001$/.test(value.trim())

  private namesSecret({ content }: Piece): boolean {
    const bare = content.replace(/"[^"]*"|'[^']*'/g, '')
    return this.rules.secrets.some((secret) => new RegExp(`\\b${secret}\\b`).test(bare))
  }

  private isBare = ({ content }: Piece) => this.rules.secrets.includes(content)

  private isSecret = (piece: Piece) => piece.kind === 'output' && this.namesSecret(piece)

  /** A secret without filters, in a paragraph of its own or in the link that leads to it. */
  private mayShow(parent: Element | undefined, piece: Piece): boolean {
    if (!this.isBare(piece)) return false
    if (within(parent, 'a') === undefined) return /^(?:p|div|td)$/.test(parent?.name ?? '')
    const [, at] = /^\uE000(\d+)\uE001$/.exec(parent?.attribs.href?.trim() ?? '') ?? []
    return at !== undefined && this.namesSecret(this.pieces[Number(at)]!)
  }
}

function within(element: Element | undefined, name: string): Element | undefined {
  for (let one: unknown = element; one; one = (one as { parent: unknown }).parent)
    if ((one as Element).name === name) return one as Element
  return undefined
}

/** As escapeHtml, but for the signs that only matter outside of quotes: sources stay readable. */
const escaped = (text: string) => escapeHtml(text).replace(/&#(?:39|61|96);/g, (entity) => QUIET[entity]!)
const QUIET: Record<string, string> = { '&#39;': "'", '&#61;': '=', '&#96;': '`' }

const visible = (name: string) => name.replace(/[\uE000-\uE002]/g, '')
