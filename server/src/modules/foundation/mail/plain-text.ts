// The text of an HTML mail that somebody wrote, for readers of text.
import { convert } from 'html-to-text'

// Markup made to be slow costs a fraction of a second below these; mails of people stay far below them.
const MAX_INPUT = 100_000
const LIMITS = { maxInputLength: MAX_INPUT, maxDepth: 60, ellipsis: '…' }

/** Paragraphs, lists and links with their addresses; pictures are left out. Of very long HTML only the beginning is looked at. */
export function plainTextOf(html: string): string {
  const text = convert(html.slice(0, MAX_INPUT), {
    wordwrap: false,
    limits: LIMITS,
    selectors: [{ selector: 'img', format: 'skip' }],
  }).trim()
  return html.length > MAX_INPUT ? `${text}\n…` : text
}
