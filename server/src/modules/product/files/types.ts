// What a file is: by its first bytes, and never by what its sender says.
import { fileTypeFromBuffer } from 'file-type'
import { fileErrors } from './files.errors.ts'

/** How much of the beginning is looked at. */
export const SNIFFED_BYTES = 4_100

/** Extensions that mean the same. */
const SAME: Record<string, string> = { jpeg: 'jpg', jpe: 'jpg', htm: 'html', markdown: 'md', tiff: 'tif', yml: 'yaml' }

/** Texts have no mark of their own: of them the name may say what they are. */
const TEXTS: Record<string, string> = {
  txt: 'text/plain',
  log: 'text/plain',
  md: 'text/markdown',
  csv: 'text/csv',
  json: 'application/json',
  html: 'text/html',
  svg: 'image/svg+xml',
  xml: 'application/xml',
}

/** Extensions of contents that have a mark: a file that is called so and has none is something else. */
const MARKED =
  /^(?:jpg|png|gif|webp|avif|bmp|tif|heic|pdf|zip|gz|7z|rar|tar|docx?|xlsx?|pptx?|odt|ods|odp|mp[34]|m4[av]|mov|webm|mkv|avi|wav|ogg|flac|exe|dll)$/

/** Two letters are the whole mark of these, with which a text may begin too; the formats themselves are never texts. */
const MARKED_BY_A_WORD = new Set(['exe', 'bmp'])

/** Texts that a browser would run. */
const SCRIPTABLE = /^<(?:!doctype|html|head|body|script|svg|iframe|\?xml)\b/i

function extensionOf(name: string): string {
  const found = /\.([A-Za-z0-9]{1,10})$/.exec(name)?.[1]?.toLowerCase() ?? ''
  return SAME[found] ?? found
}

/** The content type of a file that begins so. Throws where it is not taken, or not what its name says. */
export async function typeOf(beginning: Buffer, name: string, allowed: readonly string[]): Promise<string> {
  const extension = extensionOf(name)
  const type = await found(beginning, extension)
  if (!isAllowed(type, allowed)) throw fileErrors('files.type_refused', { facts: { type } })
  return type
}

async function found(beginning: Buffer, extension: string): Promise<string> {
  const known = await fileTypeFromBuffer(beginning).catch(() => undefined)
  const text = textOf(beginning)
  const isWord = text !== undefined && MARKED_BY_A_WORD.has(known?.ext ?? '')
  if (known && known.mime !== 'application/xml' && !isWord) {
    const said = TEXTS[extension] !== undefined || MARKED.test(extension)
    const ext = SAME[known.ext] ?? known.ext
    // Office documents are archives; a very small part of one may not tell which.
    const isContainer = ext === 'zip' && /^(?:docx|xlsx|pptx|od[tsp])$/.test(extension)
    if (said && ext !== extension && !isContainer)
      throw fileErrors('files.type_mismatch', { facts: { type: known.mime } })
    return known.mime
  }
  if (text === undefined) {
    if (MARKED.test(extension) || TEXTS[extension]) throw fileErrors('files.type_mismatch')
    return 'application/octet-stream'
  }
  if (SCRIPTABLE.test(fromFirstElement(text))) {
    const type = /<svg\b/i.test(text) ? 'image/svg+xml' : /<\?xml/i.test(text) ? 'application/xml' : 'text/html'
    if (extension !== '' && TEXTS[extension] !== type && !(extension === 'svg' || extension === 'xml'))
      throw fileErrors('files.type_mismatch', { facts: { type } })
    return type
  }
  if (MARKED.test(extension) && beginning.length > 0)
    throw fileErrors('files.type_mismatch', { facts: { type: 'text/plain' } })
  return TEXTS[extension] ?? 'text/plain'
}

/**
 * The text without the space and the comments before its first element. A comment ends as browsers see it (HTML, 13.2.5.43 on): also
 * at `--!>`, and `<!-->` is a whole one. One that does not end is left.
 */
function fromFirstElement(text: string): string {
  let rest = text.trimStart()
  while (rest.startsWith('<!--')) {
    const end = /--!?>/g
    end.lastIndex = 2
    if (!end.test(rest)) return rest
    rest = rest.slice(end.lastIndex).trimStart()
  }
  return rest
}

/** The beginning as text, or undefined where it is none. The last character may be cut. */
function textOf(beginning: Buffer): string | undefined {
  if (beginning.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(beginning, { stream: true })
  } catch {
    return undefined
  }
}

function isAllowed(type: string, allowed: readonly string[]): boolean {
  return allowed.some((one) => one === type || (one.endsWith('*') && type.startsWith(one.slice(0, -1))))
}

/** What a browser may show in its place; everything else is handed over to be saved. */
export function isShown(type: string): boolean {
  return /^(?:image\/(?!svg)|audio\/|video\/|text\/plain$|application\/pdf$)/.test(type)
}

export const KINDS = ['image', 'video', 'audio', 'document', 'archive', 'other'] as const
export type FileKind = (typeof KINDS)[number]

/** In the front ends' words. */
export function kindOf(type: string): FileKind {
  for (const kind of ['image', 'video', 'audio'] as const) if (type.startsWith(`${kind}/`)) return kind
  if (/zip|x-tar|rar|7z|gzip/.test(type) && !/openxml|opendocument/.test(type)) return 'archive'
  if (/^text\/|pdf|word|document|sheet|excel|presentation|powerpoint|json|xml/.test(type)) return 'document'
  return 'other'
}
