// Secrets and passwords that everybody knows: examples from documentation, and the usual words.

const EXAMPLES = new Set([
  'a-string-secret-at-least-256-bits-long',
  '09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7',
  'keyboard cat',
  'thisisasecretkeythatnobodyshoulduse',
  'supersecretkeythatshouldbechanged123',
  '0123456789abcdef0123456789abcdef',
  '00112233445566778899aabbccddeeff',
])

const EXAMPLE_WORDS =
  /^your[-_ ]|change[-_ ]?(?:me|this|it|in)|^(?:my|the|super|dev|test|jwt|app)?[-_ ]?(?:super)?[-_ ]?secret|(?:secret|private)[-_ ]?key|example|placeholder|replace[-_ ]|insert[-_ ]|default|password|development|abcdefgh|12345678/i

const COMMON_PASSWORDS = new Set([
  'securepass123!',
  'securepassword123!',
  'administrator',
  'correcthorsebatterystaple',
  'iloveyou1234',
  'letmein12345',
  'qwertyuiop12',
  'trustno1trustno1',
])

const COMMON_WORDS =
  /pass(?:word|w0rd)|p[a4@]ssw[o0]rd|qwerty|12345678|^admin|letmein|welcome|changeme|secret|abcdefgh/i

const MIN_SECRET = 32
const MIN_ADMIN_PASSWORD = 12

/** Why a secret cannot be used in production, or undefined when it can. Says nothing about its letters. */
export function secretWeakness(secret: string): string | undefined {
  if (EXAMPLES.has(secret.toLowerCase()) || EXAMPLE_WORDS.test(secret)) return `is a known example: ${MAKE_ONE}`
  if (secret.length < MIN_SECRET) return `is shorter than ${MIN_SECRET} characters: ${MAKE_ONE}`
  if (new Set(secret).size < 10) return `repeats too few characters: ${MAKE_ONE}`
  return undefined
}

/** Why a password cannot be the first administrator's in production, or undefined when it can. */
export function adminPasswordWeakness(password: string): string | undefined {
  if (COMMON_PASSWORDS.has(password.toLowerCase()) || COMMON_WORDS.test(password))
    return 'is a common password or a known example'
  if (password.length < MIN_ADMIN_PASSWORD) return `is shorter than ${MIN_ADMIN_PASSWORD} characters`
  if (new Set(password).size < 6) return 'repeats too few characters'
  return undefined
}

export const MAKE_ONE = 'make one with `openssl rand -base64 48`'
