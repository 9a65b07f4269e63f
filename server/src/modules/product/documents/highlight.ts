// Where a search found its words: the text around, as HTML that holds nothing but marks.

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** The text with every character of HTML escaped, and the words of the search in `mark`. */
export function highlight(text: string, search: string): string {
  const words = search
    .normalize('NFC')
    .split(/[\s\p{P}]+/u)
    .filter(Boolean)
    .sort((a, b) => b.length - a.length)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  if (!words.length) return escaped(text)
  const pattern = new RegExp(`(${words.slice(0, 20).join('|')})`, 'giu')
  return text
    .split(pattern)
    .map((part, at) => (at % 2 ? `<mark>${escaped(part)}</mark>` : escaped(part)))
    .join('')
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character]!)
}
