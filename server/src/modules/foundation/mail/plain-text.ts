// The text of an HTML mail that somebody wrote, for readers of text.
import { textOf } from './templating/text.ts'

// Markup made to be slow (text in a hundred quotations) costs about a second at this length; mails of people stay far below it.
const MAX_INPUT = 100_000

/** Of very long HTML only the beginning is looked at. */
export function plainTextOf(html: string): string {
  const text = textOf(html.slice(0, MAX_INPUT))
  return html.length > MAX_INPUT ? `${text}\n…` : text
}
