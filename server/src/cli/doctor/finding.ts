// What the doctor finds.

export interface Finding {
  /** What was looked at. */
  check: string
  /** `warn`: it works, and will not for long or not for everybody. */
  state: 'ok' | 'warn' | 'fail'
  /** What is so; never a secret. */
  says: string
  /** What to do about it. */
  mend?: string
}

export function ok(check: string, says: string): Finding {
  return { check, state: 'ok', says }
}

export function warn(check: string, says: string, mend: string): Finding {
  return { check, state: 'warn', says, mend }
}

export function fail(check: string, says: string, mend: string): Finding {
  return { check, state: 'fail', says, mend }
}

/** One sentence of an error, for people; addresses lose what stands before their @. */
export function wordsOf(error: unknown): string {
  const { message = String(error), code } = (error ?? {}) as { message?: string; code?: unknown }
  const words = (message || String(code ?? 'unknown')).replace(/(\w+:\/\/)[^\s/@]+@/g, '$1')
  return words.split('\n')[0]!.slice(0, 300)
}
