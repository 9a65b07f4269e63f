// Values as mails show them.

/** Safe in text and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`=]/g, (sign) => `&#${sign.charCodeAt(0)};`)
}

/** A value as text. Throws for what has none of its own. */
export function asText(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new Error('A list or an object cannot be shown as a whole: name one of its fields')
}

/** The address, when it is one of a page or of a mailbox. Throws for any other. */
export function webAddress(value: unknown): string {
  const text = asText(value).trim()
  if (!/^(?:https?|mailto):$/.test(URL.parse(text)?.protocol ?? '')) throw new Error('A link needs a web address')
  return text
}
