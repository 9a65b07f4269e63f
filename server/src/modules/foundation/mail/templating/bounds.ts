// How far a rendering may go, counted as it goes.
import type { Context } from 'liquidjs'
import { asText } from './escaping.ts'

const MAX_STEPS = 20_000
const MAX_MILLISECONDS = 250
/** Characters of a whole part of a mail. */
export const MAX_OUTPUT = 262_144

/** Stands where the library has its limit of time, which it asks before each step. */
export class Bounds {
  private readonly isTrusted: boolean
  private steps = 0
  private written = 0
  private begun: number | undefined

  constructor(isTrusted: boolean) {
    this.isTrusted = isTrusted
  }

  check(now: number): void {
    if (this.isTrusted) return
    this.begun ??= now
    if (++this.steps > MAX_STEPS || now - this.begun > MAX_MILLISECONDS) throw new Error('This takes too many steps')
  }

  write(length: number): void {
    this.written += length
    if (this.written > MAX_OUTPUT) throw new Error(`This becomes longer than ${MAX_OUTPUT} characters`)
  }
}

/** Takes what is rendered, as far as the bounds let it. */
export class Bounded {
  buffer = ''
  private readonly bounds: Bounds

  constructor(bounds: Bounds) {
    this.bounds = bounds
  }

  write(value: unknown): void {
    const text = asText(value)
    this.bounds.write(text.length)
    this.buffer += text
  }
}

/** What our tags and filters know of the rendering that they are part of. */
export interface Ours {
  form: 'html' | 'text'
  locale: string
  bounds: Bounds
  blocks: Map<string, string>
  /** Whether blocks are kept for the layout; else they are put in. */
  keeps: boolean
}

const REGISTER = 'ours'

export const setOurs = (context: Context, ours: Ours) => context.setRegister(REGISTER, ours)
export const oursOf = (context: Context): Ours => context.getRegister(REGISTER)
