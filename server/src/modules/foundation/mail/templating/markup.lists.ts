// What HTML a template may have: elements and attributes that mail programs show and that load, send and run nothing.

const words = (text: string) => text.split(/\s+/)

export const ALLOWED: ReadonlySet<string> = new Set(
  words(`html head title meta style body a abbr b big blockquote br caption center code col colgroup dd div dl dt em
    font footer h1 h2 h3 h4 h5 h6 header hr i img li main ol p pre s section small span strong sub sup table tbody td
    tfoot th thead tr u ul`),
)

/** Elements without an end. */
export const EMPTY: ReadonlySet<string> = new Set(['br', 'col', 'hr', 'img', 'meta'])

/** Attributes that every element may have. */
export const ATTRIBUTES: ReadonlySet<string> = new Set(
  words('class style align valign width height bgcolor color border dir lang role title'),
)

/** Attributes of single elements. */
export const OF_ELEMENT: Readonly<Record<string, readonly string[]>> = {
  a: ['href', 'target', 'rel'],
  col: ['span'],
  colgroup: ['span'],
  font: ['face', 'size'],
  img: ['src', 'alt'],
  meta: ['charset', 'name', 'content'],
  ol: ['start', 'type'],
  table: ['cellpadding', 'cellspacing'],
  td: ['colspan', 'rowspan'],
  th: ['colspan', 'rowspan', 'scope'],
}

/** Styles load nothing, and tell no secret by what they match. */
export function mustBeHarmlessStyle(style: string, fail: (message: string) => Error): void {
  const [found] =
    /url\s*\(|image\s*\(|image-set|@import|@font-face|@namespace|expression|behavior|[\\<[]/i.exec(style) ?? []
  if (found !== undefined) throw fail(`"${found}" cannot stand in a style.`)
}

/** An image has a fixed address, so that loading it tells nothing but that it was loaded. */
export function mustBeImage(address: string, fail: (message: string) => Error): void {
  if (/^data:image\/(?:png|jpeg|gif|webp);base64,[\w+/=]+$/.test(address)) return
  if (!/^https:\/\/[^\s/?#]+/.test(address) || !URL.canParse(address))
    throw fail('An image has a whole address that begins with https://, or is a data: image (png, jpeg, gif, webp).')
}
