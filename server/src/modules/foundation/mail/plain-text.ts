// The text of an HTML mail that somebody wrote, for readers of text.
import { convert } from 'html-to-text'

const LIMITS = { maxInputLength: 1_000_000, maxDepth: 100, ellipsis: '…' }

/** Paragraphs, lists and links with their addresses; pictures are left out. */
export function plainTextOf(html: string): string {
  return convert(html, {
    wordwrap: false,
    limits: LIMITS,
    selectors: [{ selector: 'img', format: 'skip' }],
  }).trim()
}
