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

/** `NAME;PARAM=value:value`, folded so that no line is longer than 75 octets, and no character is cut. */
export function line(name: string, value: string, parameters: Record<string, string | undefined> = {}): string {
  const said = Object.entries(parameters).flatMap(([key, one]) => (one === undefined ? [] : [`;${key}=${quoted(one)}`]))
  return fold(`${name}${said.join('')}:${value}`)
}

function fold(text: string): string {
  const lines: string[] = []
  let from = 0
  let size = 0
  for (let at = 0; at < text.length; ) {
    const code = text.codePointAt(at)!
    const bytes = octetsOf(code)
    if (size + bytes > FOLD) {
      lines.push(text.slice(from, at))
      from = at
      // Each further line begins with a space, which counts.
      size = 1
    }
    size += bytes
    at += code > 0xffff ? 2 : 1
  }
  return [...lines, text.slice(from)].join('\r\n ')
}

/** What a character takes in UTF-8; half of one is written as U+FFFD, which takes three as well. */
const octetsOf = (code: number) => (code < 0x80 ? 1 : code < 0x800 ? 2 : code <= 0xffff ? 3 : 4)

/** A component with what stands in it. */
export function component(name: string, content: readonly string[]): string[] {
  return [`BEGIN:${name}`, ...content, `END:${name}`]
}

/** Lines as they are sent. */
export const written = (lines: readonly string[]): string => `${lines.join('\r\n')}\r\n`
