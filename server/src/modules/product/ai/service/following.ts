// Following an answer from any process: pieces are told in order, from memory where this process writes them, else from their table.
import { AI_ANSWER_TOLD, AI_ANSWERS_ENDED } from '../../../../core/topics.ts'
import { aiErrors } from '../ai.errors.ts'
import * as answers from '../answers.queries.ts'
import { endDead, lastOf } from './ending.ts'
import type { AiParts } from './parts.ts'

export interface Followed {
  tenantId: string
  answerId: string
  userId: string
  /** The number of the last piece that is known already. */
  after: number
  /** Whether it was being written a moment ago. */
  isRunning: boolean
}

export interface Sink {
  /** Takes pieces that follow one another; resolves when there is room for more. */
  take(chunks: readonly answers.Chunk[]): Promise<void> | undefined
  /** The pieces are not kept any more: what comes now is the text from its beginning. */
  restart(): void
  /** There is nothing more to come: the last piece was taken, or the answer is gone. */
  end(): void
}

export interface Follower {
  /** Takes nothing until it is resumed. */
  pause(): void
  resume(): void
  close(): void
}

export interface Following {
  follow(followed: Followed, sink: Sink): Follower
  /** Tells followers in this process of pieces that were just written here. */
  told(answerId: string, chunks: readonly answers.Chunk[]): void
}

/** How often the table is asked for what no message told of. */
const LOOK_MS = 1_000
const AT_ONCE = 500

const isLast = ({ kind }: answers.Chunk) => kind === 'done' || kind === 'error'

export function createFollowing(parts: Pick<AiParts, 'bus' | 'database' | 'log'>): Following {
  const { bus, database, log } = parts
  const followers = new Map<string, Set<One>>()

  class One implements Follower {
    #at: number
    readonly #of: Followed
    readonly #sink: Sink
    readonly #look: NodeJS.Timeout
    #isPaused = false
    #isClosed = false
    #isBusy = false
    #isWanted = false
    /** Where there is nothing to read, it is asked why. */
    #isLook: boolean

    constructor(of: Followed, sink: Sink) {
      this.#of = of
      this.#at = of.after
      this.#sink = sink
      this.#isLook = !of.isRunning
      this.#look = setInterval(() => this.look(), LOOK_MS).unref()
    }

    /** Reads what no message told of, and asks what has become of the answer where there is nothing. */
    look(): void {
      this.#isLook = true
      this.pump()
    }

    pause(): void {
      this.#isPaused = true
    }

    resume(): void {
      this.#isPaused = false
      this.pump()
    }

    close(): void {
      if (this.#isClosed) return
      this.#isClosed = true
      clearInterval(this.#look)
      const others = followers.get(this.#of.answerId)
      others?.delete(this)
      if (others?.size === 0) followers.delete(this.#of.answerId)
    }

    /** Takes what was just written here, where it follows what is known. */
    feed(chunks: readonly answers.Chunk[]): void {
      const fits = !this.#isBusy && !this.#isPaused && !this.#isClosed && chunks[0]?.number === this.#at + 1
      if (!fits) {
        this.pump()
        return
      }
      const room = this.#take(chunks)
      if (!room) return
      this.#isBusy = true
      void room.then(() => {
        this.#isBusy = false
        // What was written meanwhile.
        if (this.#isWanted) this.pump()
      })
    }

    /** Reads what is new and takes it. Whoever calls meanwhile has it read once more. */
    pump(): void {
      this.#isWanted = true
      if (this.#isBusy || this.#isPaused || this.#isClosed) return
      this.#isBusy = true
      void this.#read()
        .catch((error: Error) => {
          // The next look reads them again.
          this.#isWanted = false
          log.warn({ reason: error.message }, 'the pieces of an answer could not be read')
        })
        .finally(() => {
          this.#isBusy = false
          if (this.#isWanted) this.pump()
        })
    }

    async #read(): Promise<void> {
      const { tenantId, answerId } = this.#of
      const db = database.tenant(tenantId)
      while (this.#isWanted && !this.#isClosed && !this.#isPaused) {
        this.#isWanted = false
        const chunks = await answers.chunksAfter(db, answerId, this.#at, AT_ONCE)
        if (this.#isClosed || this.#isPaused) return
        if (chunks.length === 0) {
          if (this.#isLook) await this.#lookAt()
        } else {
          await this.#take(chunks)
          this.#isWanted = true
        }
      }
    }

    #take(chunks: readonly answers.Chunk[]): Promise<void> | undefined {
      this.#at = chunks.at(-1)!.number
      const room = this.#sink.take(chunks)
      if (isLast(chunks.at(-1)!)) this.#finish()
      return room
    }

    #finish(): void {
      this.close()
      this.#sink.end()
    }

    /** There was nothing to read: it is still being written, it ended long ago, or whoever wrote it is dead. */
    async #lookAt(): Promise<void> {
      this.#isLook = false
      const { tenantId, answerId, userId } = this.#of
      const db = database.tenant(tenantId)
      const answer = await answers.find(db, answerId, userId)
      if (this.#isClosed || this.#isPaused) return
      if (!answer) return this.#takeGone()
      if (answer.dead) {
        await endDead(parts, tenantId, answerId)
        this.#isWanted = true
      }
      if (answer.state === 'running') return
      const [last] = await answers.chunksAfter(db, answerId, this.#at - 1, 1)
      if (this.#isClosed || this.#isPaused) return
      // Ended between the two looks, or all of it is known: the last piece is told again.
      if (last && last.number > this.#at) this.#isWanted = true
      else if (last && isLast(last)) void this.#take([last])
      else this.#takeWhole(answer)
    }

    /** Removed while it was followed: nothing is kept that could say so. */
    #takeGone(): void {
      const { code, message } = aiErrors('ai.conversation_not_found')
      const data = { state: 'broken', code, message }
      void this.#take([{ number: this.#at + 1, kind: 'error', text: '', data, tokens: 0 }])
    }

    #takeWhole(answer: answers.Answer): void {
      if (this.#at > 0) this.#sink.restart()
      const { content: text, outputTokens: tokens } = answer
      void this.#take([
        { number: 1, kind: 'delta', text, data: null, tokens },
        { number: 2, ...lastOf(answer) },
      ])
    }
  }

  const pumpAll = (answerId: string) => {
    for (const one of followers.get(answerId) ?? []) one.pump()
  }
  const lookAll = (answerId: string) => {
    for (const one of followers.get(answerId) ?? []) one.look()
  }
  bus.subscribe(AI_ANSWER_TOLD, ({ answerId, runner }) => {
    // What this process writes its followers have heard already.
    if (runner !== RUNNER) pumpAll(String(answerId))
  })
  bus.subscribe(AI_ANSWERS_ENDED, ({ answerIds }) => {
    for (const answerId of String(answerIds).split(' ')) lookAll(answerId)
  })

  return {
    follow(followed, sink) {
      const one = new One(followed, sink)
      const others = followers.get(followed.answerId) ?? new Set<One>()
      followers.set(followed.answerId, others.add(one))
      one.pump()
      return one
    },
    told(answerId, chunks) {
      for (const one of followers.get(answerId) ?? []) one.feed(chunks)
    },
  }
}

/** This process, among those that write answers. */
export const RUNNER = `${process.pid}-${crypto.randomUUID()}`
