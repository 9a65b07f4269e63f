// What is kept of an error: its sentence, short, without what looks like a credential.
import { MESSAGE_LENGTH } from './history.ts'

const CREDENTIALS: [RegExp, string][] = [
  // user:password@ in an address
  [/(\w+:\/\/)[^\s/@]+@/g, '$1'],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, '$1 [removed]'],
  [/\b(password|passwd|secret|token|api[-_]?key|authorization)(["']?\s*[:=]\s*["']?)[^\s"',;&]+/gi, '$1$2[removed]'],
]

/** The message of an error for the job's history. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const harmless = CREDENTIALS.reduce((text, [pattern, instead]) => text.replace(pattern, instead), message)
  return harmless.replaceAll('\0', '').slice(0, MESSAGE_LENGTH).toWellFormed()
}

// What pg-boss itself notes (a timeout, a lost heartbeat) stands one level deeper than what a worker notes.
export function noted(output: unknown): string {
  const { message, value } = (output ?? {}) as { message?: unknown; value?: { message?: unknown } }
  const reason = message ?? value?.message
  return typeof reason === 'string' ? reason : 'unknown'
}
