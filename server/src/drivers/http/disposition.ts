// What a browser does with a download and how it names it (RFC 6266).
import contentDisposition from 'content-disposition'

/** The Content-Disposition of a file with this name; programs that know no UTF-8 names see `_` for what is not ASCII. */
export const dispositionOf = (name: string, type: 'attachment' | 'inline' = 'attachment'): string =>
  contentDisposition(name, { type, fallback: name.replace(/[^\x20-\x7e]/g, '_') })
