// Text that people type, in the form in which it is kept.
import { invalidField } from './errors.ts'

/** Text as it is kept: composed, without surrounding space. Throws when nothing is left. */
export function normalizeName(name: string, field: string): string {
  const kept = name.normalize('NFC').trim()
  if (!kept || /\p{Cc}/u.test(kept))
    throw invalidField(field, 'not_text', 'This needs visible characters, without control characters.')
  return kept
}
