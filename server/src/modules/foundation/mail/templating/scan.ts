// The first look at a template: the places in it, and only such as the language allows.
import { Tokenizer, type TopLevelToken, TypeGuards } from 'liquidjs'
import { lineAt, TemplateFault } from './faults.ts'

/** What a source is made of: text that stays, places of values (`output`) and tags. */
export interface Piece {
  kind: 'text' | 'output' | 'tag'
  /** As it stands in the source. */
  source: string
  begin: number
  /** Of tags: `if`. */
  name: string
  /** What stands between the delimiters, of tags without the name. */
  content: string
}

/** The tags that a template may use; those that take an end have one. */
const ENDED = ['if', 'unless', 'case', 'for', 'comment', 'block', 'button']
const MIDDLE = ['else', 'elsif', 'when']

export const MAX_SOURCE = 65_536
/** Signs that stand for places while HTML is read, also as the HTML entities that mean them. */
const MARKS = /[\0\uE000-\uE002]|&#(?:x0*e00[0-2]|0*5734[4-6])/i
const MAX_PLACE = 500
const MAX_DEPTH = 20

/** Splits a source into its pieces. Throws a TemplateFault for what the language does not have. */
export function scan(part: string, source: string): Piece[] {
  if (source.length > MAX_SOURCE) throw new TemplateFault(part, `This is longer than ${MAX_SOURCE} characters.`)
  if (MARKS.test(source) || !source.isWellFormed())
    throw new TemplateFault(part, 'This has characters that cannot be sent.')
  const pieces = tokensOf(part, source).map(pieceOf)
  for (const piece of pieces) if (piece.kind !== 'text') mustBePlain(part, source, piece)
  mustNest(part, source, pieces)
  return pieces
}

/** The name of what a tag ends; undefined for a tag that ends nothing. */
export function endedBy({ kind, name }: Piece): string | undefined {
  const ended = name.startsWith('end') ? name.slice(3) : ''
  return kind === 'tag' && ENDED.includes(ended) ? ended : undefined
}

export const begins = ({ kind, name }: Piece) => kind === 'tag' && ENDED.includes(name)
export const continues = ({ kind, name }: Piece) => kind === 'tag' && MIDDLE.includes(name)

function tokensOf(part: string, source: string): TopLevelToken[] {
  try {
    return new Tokenizer(source).readTopLevelTokens()
  } catch (error) {
    throw faultOf(part, source, error)
  }
}

/** An error of the parser in our words, with its line. */
export function faultOf(part: string, source: string, error: unknown): TemplateFault {
  const { token } = error as Error & { token?: { begin: number } }
  return new TemplateFault(part, `${reasonOf(error)}.`, token && lineAt(source, token.begin))
}

/** The first sentence of an error of the library, without the place, which is counted in another way here. */
export function reasonOf(error: unknown): string {
  const [first = ''] = (error as Error).message.split('\n')
  return first.replace(/, (?:file:.*, )?line:\d+, col:\d+.*$/, '')
}

function pieceOf(token: TopLevelToken): Piece {
  const base = { source: token.getText(), begin: token.begin, name: '', content: '' }
  if (TypeGuards.isTagToken(token)) return { ...base, kind: 'tag', name: token.name, content: token.args.trim() }
  if (TypeGuards.isOutputToken(token)) return { ...base, kind: 'output', content: token.content.trim() }
  return { ...base, kind: 'text' }
}

const QUOTED = /"[^"\\]*"|'[^'\\]*'/g

function mustBePlain(part: string, source: string, piece: Piece): void {
  const { kind, name, content, begin } = piece
  const fail = (message: string) => new TemplateFault(part, message, lineAt(source, begin))
  if (kind === 'tag' && !begins(piece) && !continues(piece) && endedBy(piece) === undefined)
    throw fail(`There is no tag "${name}" here. The tags are ${ENDED.join(', ')}, else, elsif and when.`)
  if (content.length > MAX_PLACE) throw fail(`What stands between the braces is longer than ${MAX_PLACE} characters.`)
  if (/^\{[{%]-|-[}%]\}$/.test(piece.source)) throw fail('Dashes in the braces ("{{-", "-%}") cannot be used here.')
  const bare = content.replace(QUOTED, '""')
  const [strange] = /[^\w\s.,:|=!<>"-]/u.exec(bare) ?? []
  if (strange !== undefined) throw fail(`"${strange}" cannot stand between the braces.`)
  const [inner] = /\b(?:__\w*|constructor|prototype|contains)\b/.exec(bare) ?? []
  if (inner !== undefined) throw fail(`"${inner}" cannot be used here.`)
}

function mustNest(part: string, source: string, pieces: readonly Piece[]): void {
  const open: Piece[] = []
  for (const piece of pieces) {
    const fail = (message: string) => new TemplateFault(part, message, lineAt(source, piece.begin))
    const ended = endedBy(piece)
    if (begins(piece)) open.push(piece)
    else if (ended !== undefined && open.pop()?.name !== ended) throw fail(`"${piece.source}" ends nothing.`)
    else if (continues(piece) && open.length === 0) throw fail(`"${piece.source}" continues nothing.`)
    if (open.length > MAX_DEPTH) throw fail(`Tags are nested more than ${MAX_DEPTH} deep.`)
  }
  const last = open.at(-1)
  if (last) throw new TemplateFault(part, `"${last.source}" is not closed.`, lineAt(source, last.begin))
}
