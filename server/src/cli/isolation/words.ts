// Small parts of requests: who asks, and words that were never used.
import { randomBytes } from 'node:crypto'

/** The headers of somebody in a tenant. */
export function asking(token: string, tenant?: string): Record<string, string> {
  return { authorization: `Bearer ${token}`, ...(tenant !== undefined && { 'x-tenant-id': tenant }) }
}

/** Letters that stand nowhere else. */
export function newWord(length = 10): string {
  return [...randomBytes(length)].map((byte) => String.fromCharCode(97 + (byte % 26))).join('')
}

/** An id that names nothing, of the same shape: letters for letters, digits for digits. */
export function idOfNothing(id: string): string {
  const letters = newWord(id.length)
  const other = (character: string, at: number) => {
    if (/\d/.test(character)) return String(letters.charCodeAt(at) % 10)
    // The first letter of an id may say what kind of id it is.
    return /[a-z]/.test(character) && at > 0 ? letters[at] : character
  }
  return [...id].map(other).join('')
}
