// Which passwords are accepted (NIST SP 800-63B-4, 3.1.1.2): length, no common ones, none made of the account's own words.
import { invalidField } from '../../../core/errors.ts'

const PASSWORD_MAX_LENGTH = 256

export interface PasswordContext {
  email?: string
  username?: string
  name?: string
}

export interface PasswordPolicy {
  /** Throws `request.invalid` on the named field when the password is not acceptable. */
  check(password: string, context: PasswordContext, field?: string): Promise<void>
}

let common: Promise<Set<string>> | undefined

/** `maxBytes` where the hash reads no more of it. */
export function createPasswordPolicy({
  minLength,
  maxBytes,
}: {
  minLength: number
  maxBytes?: number
}): PasswordPolicy {
  return {
    async check(password, context, field = 'password') {
      const refuse = (code: string, message: string) => invalidField(field, code, message)
      const length = [...password].length
      if (length < minLength) throw refuse('too_short', `A password has at least ${minLength} characters.`)
      if (length > PASSWORD_MAX_LENGTH)
        throw refuse('too_long', `A password has at most ${PASSWORD_MAX_LENGTH} characters.`)
      if (maxBytes !== undefined && Buffer.byteLength(password) > maxBytes)
        throw refuse('too_long', `A password has at most ${maxBytes} bytes in UTF-8.`)
      const plain = password.toLowerCase()
      if (new Set(plain).size < 4) throw refuse('too_simple', 'This password repeats too few characters.')
      common ??= loadCommon()
      if ((await common).has(plain))
        throw refuse('too_common', 'This password is on the list of common ones. Choose another.')
      if (contextWords(context).some((word) => plain.replace(/[^\p{L}\p{N}]/gu, '') === word || plain === word)) {
        throw refuse('too_personal', 'This password is the name or address of the account. Choose another.')
      }
    },
  }
}

// 49,000 passwords are a megabyte: loaded when the first password is chosen, not at start.
async function loadCommon(): Promise<Set<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common')
  const words = (dictionary as Record<string, (string | number)[]>)['passwords-common'] ?? []
  return new Set(words.map((word) => String(word).toLowerCase()))
}

function contextWords({ email, username, name }: PasswordContext): string[] {
  const words = [email, email?.split('@')[0], username, name, 'ashlar']
  return words.flatMap((word) =>
    word && word.length >= 4 ? [word.toLowerCase(), word.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')] : [],
  )
}
