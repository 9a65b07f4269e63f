// Writes the pieces of one answer down in order, the first at once and the others a few at a time, and tells of each when it is kept.
import { setTimeout as sleep } from 'node:timers/promises'
import { Problem } from '../../../../core/errors.ts'
import { AI_ANSWER_TOLD } from '../../../../core/topics.ts'
import { violates } from '../../../../drivers/database/index.ts'
import * as answers from '../answers.queries.ts'
import { type Following, RUNNER } from './following.ts'
import type { AiParts } from './parts.ts'

/** Pieces are written so often at most: what comes between is one piece. */
const PACE_MS = 40
/** How long a database that is away is waited for. */
const PATIENCE_MS = 5_000
const AGAIN_MS = 100

type Waiting = Omit<answers.Chunk, 'number'>

export class Writer {
  readonly #db: ReturnType<AiParts['database']['tenant']>
  readonly #answerId: string
  /** Whether the answer's row is there, once that is known. */
  readonly #kept: Promise<boolean>
  readonly #parts: Pick<AiParts, 'bus'> & { following: Pick<Following, 'told'> }
  readonly #onLost: (error?: Error) => void
  #waiting: Waiting[] = []
  #number = 0
  #wroteAt = Number.NEGATIVE_INFINITY
  #writing: Promise<void> | undefined
  #isHurried = false
  #isLost = false

  /** `onLost` is called when the answer is not this process's to write any more, or cannot be written. */
  constructor(
    parts: Pick<AiParts, 'bus' | 'database'> & { following: Pick<Following, 'told'> },
    at: { tenantId: string; answerId: string; kept: Promise<boolean> },
    onLost: (error?: Error) => void,
  ) {
    this.#parts = parts
    this.#db = parts.database.tenant(at.tenantId)
    this.#answerId = at.answerId
    this.#kept = at.kept
    this.#onLost = onLost
  }

  get isLost(): boolean {
    return this.#isLost
  }

  text(text: string, tokens: number): void {
    const last = this.#waiting.at(-1)
    if (last?.kind === 'delta') Object.assign(last, { text: last.text + text, tokens })
    else this.#waiting.push({ kind: 'delta', text, data: null, tokens })
    this.#start()
  }

  tool(data: object, tokens: number): void {
    this.#waiting.push({ kind: 'tool', text: '', data, tokens })
    this.#start()
  }

  /** Resolves when everything is written, or nothing can be any more. */
  async settle(): Promise<void> {
    this.#isHurried = true
    while (this.#writing) await this.#writing
  }

  #start(): void {
    if (this.#writing) return
    this.#writing = this.#write()
      .catch((error: Error) => {
        // What could not be written makes a gap: nothing may follow it.
        this.#lose(error)
      })
      .finally(() => {
        this.#writing = undefined
        if (this.#waiting.length > 0 && !this.#isLost) this.#start()
      })
  }

  #lose(error?: Error): void {
    this.#isLost = true
    this.#onLost(error)
  }

  async #write(): Promise<void> {
    if (!(await this.#kept)) return this.#lose()
    while (this.#waiting.length > 0 && !this.#isLost) {
      const pause = this.#wroteAt + PACE_MS - performance.now()
      if (pause > 0 && !this.#isHurried) await sleep(pause)
      this.#wroteAt = performance.now()
      const chunks = this.#waiting.map((one, at) => ({ ...one, number: this.#number + at + 1 }))
      this.#waiting = []
      if (!(await this.#append(chunks))) return this.#lose()
      this.#number += chunks.length
      const { bus, following } = this.#parts
      following.told(this.#answerId, chunks)
      bus.tell(AI_ANSWER_TOLD, { answerId: this.#answerId, runner: RUNNER })
    }
  }

  async #append(chunks: answers.Chunk[]): Promise<boolean> {
    const began = performance.now()
    for (let isAgain = false; ; isAgain = true) {
      try {
        return await answers.append(this.#db, this.#answerId, RUNNER, chunks)
      } catch (error) {
        // Written, and the answer of the database was lost on its way.
        if (isAgain && violates(error, 'ai_chunks_pkey')) return true
        if (!isAway(error) || performance.now() - began > PATIENCE_MS) throw error
        await sleep(AGAIN_MS)
      }
    }
  }
}

export function isAway(error: unknown): boolean {
  return error instanceof Problem && error.kind === 'unavailable'
}
