// Who a mail goes to: exactly one address, and a name that can be nothing but a name.

// The dot-atom form of RFC 5322 (3.2.3) before the @, labels of a host name after it.
const LOCAL = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
const DOMAIN = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/
// RFC 5321, 4.5.3.1: 64 octets before the @, and 254 in all leave room for the angle brackets of a path.
const LOCAL_MAX = 64
const ADDRESS_MAX = 254

/** Whether the text is one addr-spec and nothing else: no list, no display name, no comment, no quotes, no line break. */
export function isAddress(text: string): boolean {
  const at = text.lastIndexOf('@')
  const local = text.slice(0, at)
  return (
    at > 0 &&
    text.length <= ADDRESS_MAX &&
    local.length <= LOCAL_MAX &&
    LOCAL.test(local) &&
    DOMAIN.test(text.slice(at + 1))
  )
}

/** The text on one line: control characters and line separators become spaces. */
export function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim()
}

/** Whether the text has what could end a header: control characters, or separators of lines and paragraphs. */
export function breaksLines(text: string): boolean {
  return /[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)
}
