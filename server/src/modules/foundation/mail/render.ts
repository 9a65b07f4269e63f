// Templates without logic: `{{name}}` is a value, `{{#name}}…{{/name}}` stands only where the value is not empty.
//
// Values are put in once, in the last step, so that nothing inside a value is ever read as a template or as HTML.

const SECTION = /\{\{#(\w+)\}\}([\s\S]*?)\{\{\/\1\}\}/g
const PLACE = /\{\{(\w+)\}\}/g

export type Values = Record<string, string>

/** The names that a template uses. */
export function namesIn(source: string): string[] {
  return [...new Set([...source.matchAll(/\{\{[#/]?(\w+)\}\}/g)].map((match) => match[1]!))]
}

/** HTML with every value escaped, for text and for quoted attributes. */
export function fillHtml(source: string, values: Values): string {
  return fill(source, values, escapeHtml)
}

/** Text with the values as they are. */
export function fillText(source: string, values: Values): string {
  return fill(source, values, (value) => value)
}

function fill(source: string, values: Values, write: (value: string) => string): string {
  return source
    .replace(SECTION, (_, name: string, inner: string) => (values[name] ? inner : ''))
    .replace(PLACE, (_, name: string) => write(values[name] ?? ''))
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`=]/g, (sign) => `&#${sign.charCodeAt(0)};`)
}

const ENTITIES: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&nbsp;': ' ' }

/** The text part of a template, still with its places: paragraphs, and links with their addresses. */
export function textOf(html: string): string {
  return html
    .replace(/<head>[\s\S]*<\/head>/, '')
    .replace(/<!--[\s\S]*?-->|<!doctype[^>]*>/gi, '')
    .replace(/\s+/g, ' ')
    .replace(/<a [^>]*href="([^"]*)"[^>]*>(.*?)<\/a>/g, '$2:\n$1')
    .replace(/<br\s*\/?>/g, '\n')
    .replace(/<\/(?:p|h\d|li|tr)>/g, '\n\n')
    .replace(/<[^>]*>/g, '')
    .replace(/&\w+;/g, (entity) => ENTITIES[entity] ?? entity)
    .replace(/[ \t]*\n[ \t]*/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}
