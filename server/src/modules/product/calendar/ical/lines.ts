// Content lines of iCalendar (RFC 5545, 3.1): names, parameters and values, escaped and folded.

/** A text as a value (3.3.11). Control characters other than line ends have no place in it. */
export function escaped(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{Cc}\n\t]/gu, '')
    .replace(/[\\;,]/g, '\\$&')
    .replaceAll('\n', '\\n')
}

/** A text as the value of a parameter (3.2): quoted, and without what no quoting allows. */
function quoted(text: string): string {
  const safe = text.replace(/[\p{Cc}"]/gu, ' ').trim()
  return /[:;,]/.test(safe) ? `"${safe}"` : safe
}

const FOLD = 75
const encoder = new TextEncoder()

/** `NAME;PARAM=value:value`, folded so that no line is longer than 75 octets, and no character is cut. */
export function line(name: string, value: string, parameters: Record<string, string | undefined> = {}): string {
  const said = Object.entries(parameters).flatMap(([key, one]) => (one === undefined ? [] : [`;${key}=${quoted(one)}`]))
  return fold(`${name}${said.join('')}:${value}`)
}

function fold(text: string): string {
  if (encoder.encode(text).length <= FOLD) return text
  const lines: string[] = []
  let current = ''
  let size = 0
  for (const character of text) {
    const bytes = encoder.encode(character).length
    // Each further line begins with a space, which counts.
    if (size + bytes > FOLD) {
      lines.push(current)
      current = ' '
      size = 1
    }
    current += character
    size += bytes
  }
  return [...lines, current].join('\r\n')
}

/** A component with what stands in it. */
export function component(name: string, content: readonly string[]): string[] {
  return [`BEGIN:${name}`, ...content, `END:${name}`]
}

/** The whole as it is sent. */
export const document = (lines: readonly string[]): string => `${lines.join('\r\n')}\r\n`
