// Names of folders, files and documents.
import { invalidField } from '../../../core/errors.ts'

/** Characters that turn the direction of what follows: a name must look like what it is. */
const TURNING = /[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/
/** Something to be seen: not only space, fillers and joiners, which fonts show as nothing. */
const VISIBLE = /[^\p{Default_Ignorable_Code_Point}\p{Z}\p{Cc}\u2800]/u
export const MAX_NAME = 255

/** A name as it is kept: composed, without surrounding space. Each rule that it breaks has a code of its own. */
export function contentName(sent: string, field = 'name'): string {
  const name = sent.normalize('NFC').trim()
  if (!VISIBLE.test(name)) throw invalidField(field, 'empty', 'A name needs visible characters.')
  if ([...name].length > MAX_NAME) throw invalidField(field, 'too_long', `A name has ${MAX_NAME} characters at most.`)
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(name))
    throw invalidField(field, 'control_characters', 'A name has no control characters and no line breaks.')
  if (TURNING.test(name)) throw invalidField(field, 'direction', 'A name does not turn the direction of writing.')
  if (/[/\\]/.test(name)) throw invalidField(field, 'separator', 'A name has no / and no \\.')
  if (name === '.' || name === '..') throw invalidField(field, 'relative', 'This is no name, but a way.')
  return name
}
