// How an answer is shown: as a stream that goes on wherever it was left, or as a whole when all of it is there.
import { setTimeout as sleep } from 'node:timers/promises'
import { isNamedBy, type UserActor } from '../../../../core/actor.ts'
import { Problem } from '../../../../core/errors.ts'
import { ACTORS_CHANGED } from '../../../../core/topics.ts'
import type { HeldStream, Outlet, Streaming } from '../../../../drivers/http/index.ts'
import { aiErrors, ENDS, type EndCode } from '../ai.errors.ts'
import { type Answer, type Citation, modelId } from '../ai.schema.ts'
import type * as answers from '../answers.queries.ts'
import { citedIn, shownTo } from './citing.ts'
import type { Follower, Following } from './following.ts'
import { type AiParts, mustFind } from './parts.ts'

export interface Showing {
  /** Throws where the actor follows as many answers as may be: before one is asked for that could not be shown. */
  mustHaveRoom(actor: UserActor): void
  /** Streams an answer of the actor's from after a piece; from its beginning where none is named. */
  stream(actor: UserActor, id: string, streaming: Streaming, after?: number): Promise<void>
  /** Resolves with the answer when it has ended. Throws what it ended with where there is nothing of it. */
  whole(actor: UserActor, id: string): Promise<Answer>
}

/** How long a client waits before it comes back, in milliseconds. */
const RETRY_MS = 1_000
/** Refusals that say nothing of the listener. */
const PASSING = new Set<string>(['unavailable', 'internal', 'limited'])

export function createShowing(parts: AiParts & { following: Following }): Showing {
  const { bus, clock, options, following, log } = parts
  const open = new Set<AnswerStream>()

  bus.subscribe(ACTORS_CHANGED, (message) => {
    const names = new Set(Object.values(message).map(String))
    for (const one of open) if (one.isNamedBy(names)) void one.recheck()
  })
  bus.onGap(() => {
    if (bus.connected()) for (const one of open) void one.recheck()
  })

  class AnswerStream implements HeldStream {
    readonly #actor: UserActor
    readonly #streaming: Streaming
    readonly #start: string
    #outlet: Outlet | undefined
    #follower: Follower | undefined
    #beat: NodeJS.Timeout | undefined
    #doubts = 0
    #endsAt = Number.POSITIVE_INFINITY

    constructor(actor: UserActor, streaming: Streaming, start: string) {
      this.#actor = actor
      this.#streaming = streaming
      this.#start = start
    }

    open({ id: answerId, state }: answers.Answer, after: number | undefined): void {
      open.add(this)
      this.#outlet = this.#streaming.open(this)
      this.#outlet.write(`retry: ${RETRY_MS}\n${after === undefined ? this.#start : '\n'}`)
      const { tenantId, userId } = this.#actor
      this.#follower = following.follow(
        { tenantId, answerId, userId, after: after ?? 0, isRunning: state === 'running' },
        {
          take: (chunks) => this.#take(chunks),
          restart: () => void this.#outlet?.write(this.#start),
          end: () => this.#outlet?.end(),
        },
      )
      this.#beat = setInterval(() => this.#tick(), options.heartbeatMs).unref()
      // What changed since the caller was let in, and how long they may listen.
      void this.recheck()
    }

    get userId(): string {
      return this.#actor.userId
    }

    isNamedBy(names: ReadonlySet<string>): boolean {
      return isNamedBy(this.#actor, names)
    }

    /** Tells nothing any more before its listener was let in once more, by the rights of now. */
    async recheck(): Promise<void> {
      const doubt = ++this.#doubts
      this.#follower?.pause()
      for (; this.#outlet?.isOpen && this.#doubts === doubt; await sleep(500, undefined, { ref: false })) {
        try {
          const { until } = await this.#streaming.readmit()
          if (this.#doubts !== doubt) return
          this.#endsAt = until
          return this.#follower?.resume()
        } catch (error) {
          if (error instanceof Problem && !PASSING.has(error.kind)) return this.#outlet?.end()
          log.warn({ reason: (error as Error).message }, 'a stream of an answer cannot go on yet')
        }
      }
    }

    #take(chunks: readonly answers.Chunk[]): Promise<void> | undefined {
      this.#outlet?.write(chunks.map(written).join(''))
      return this.#outlet?.drained()
    }

    #tick(): void {
      if (clock.now() >= this.#endsAt) this.#outlet?.end()
      else this.#outlet?.write(':\n\n')
    }

    closed(): void {
      open.delete(this)
      clearInterval(this.#beat)
      this.#follower?.close()
    }

    /** Ends without a last word: the client comes back, to another process. */
    stop(): void {
      this.#outlet?.end()
    }
  }

  function mustHaveRoom(actor: UserActor): void {
    const held = [...open].filter(({ userId }) => userId === actor.userId).length
    if (held >= options.streamsPerPerson) throw aiErrors('ai.too_many_streams', { retryAfter: 5 })
  }

  return {
    mustHaveRoom,

    async stream(actor, id, streaming, after) {
      const row = await mustFind(parts, actor, id)
      const citationsOf = await citedIn(parts, actor, [row])
      mustHaveRoom(actor)
      new AnswerStream(actor, streaming, startOf(row, citationsOf(row))).open(row, after)
    },

    async whole(actor, id) {
      const { tenantId, userId } = actor
      await new Promise<void>((end) => {
        const take = () => undefined
        following.follow({ tenantId, answerId: id, userId, after: 0, isRunning: false }, { take, restart: take, end })
      })
      const row = await mustFind(parts, actor, id)
      const { content, reason } = row
      if (content === '' && isEnd(reason)) throw aiErrors(reason, { facts: { answerId: id } })
      return (await shownTo(parts, actor, [row]))(row)
    },
  }
}

function isEnd(reason: string | null): reason is EndCode {
  return (ENDS as readonly (string | null)[]).includes(reason)
}

function startOf(row: answers.Answer, citations: Citation[]): string {
  const { id, conversationId, number } = row
  const data = { id, conversationId, number, model: modelId(row), citations, createdAt: row.createdAt.toISOString() }
  return block(0, 'start', data)
}

function written({ number, kind, text, data }: answers.Chunk): string {
  return block(number, kind, kind === 'delta' ? { text } : data)
}

function block(id: number, event: string, data: unknown): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}
