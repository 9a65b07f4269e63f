// Answers that stay open: server-sent events (WHATWG HTML, 9.2), written as they come, cut when nobody reads them.
import type { ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Actor } from '../../core/actor.ts'

/** What a route that streams is given beside the rest. */
export interface Streaming {
  /**
   * Begins the answer; nothing can be refused after it. Everything in one turn of the event loop from here to registering
   * the outlet is seen by nobody in between.
   */
  open(held: HeldStream): Outlet
  /** Decides once more whether the caller may enter, by their rights as of now. Throws the refusal. */
  readmit(): Promise<{ actor: Actor; until: number }>
}

/** What the server tells whoever holds a stream. */
export interface HeldStream {
  /** The connection is gone, whoever ended it. Called once. */
  closed(): void
  /** The server stops: say goodbye and end. */
  stop(): void
}

/** What a client may leave unread before it is cut, in bytes. */
const MAX_UNREAD = 1_048_576
/** How long last words may take to be read. */
const FAREWELL_MS = 2_000

/** The open end of a stream. */
export class Outlet {
  readonly #response: ServerResponse

  constructor(response: ServerResponse) {
    this.#response = response
  }

  get isOpen(): boolean {
    return !this.#response.writableEnded && !this.#response.destroyed
  }

  /** Writes, and cuts the connection instead when too much is unread. False when it is closed. */
  write(text: string | Buffer): boolean {
    const response = this.#response
    if (!this.isOpen) return false
    if (response.writableLength > MAX_UNREAD) {
      response.destroy()
      return false
    }
    response.write(text)
    return true
  }

  /** Resolves when what was written is on its way, or nothing can be written any more. */
  drained(): Promise<void> {
    const response = this.#response
    if (!this.isOpen || !response.writableNeedDrain) return Promise.resolve()
    return new Promise((done) => {
      const settle = () => {
        response.off('drain', settle).off('close', settle)
        done()
      }
      response.on('drain', settle).on('close', settle)
    })
  }

  end(lastWords?: string): void {
    const response = this.#response
    if (!this.isOpen) return
    response.end(lastWords)
    // Who does not read them is cut: an ended stream takes nobody's place.
    const patience = setTimeout(() => response.destroy(), FAREWELL_MS).unref()
    response.once('close', () => clearTimeout(patience))
  }

  /** Ends without a word, as a lost connection does. */
  cut(): void {
    this.#response.destroy()
  }
}

/** The streams of one server. */
export class OpenStreams {
  readonly #held = new Map<ServerResponse, HeldStream>()
  readonly #opened: (request: FastifyRequest, reply: FastifyReply) => void

  /** `opened` is told when the answer has begun. */
  constructor(opened: (request: FastifyRequest, reply: FastifyReply) => void) {
    this.#opened = opened
  }

  get size(): number {
    return this.#held.size
  }

  open(request: FastifyRequest, reply: FastifyReply, held: HeldStream): Outlet {
    const response = reply.raw
    const headers = { ...reply.getHeaders(), 'content-type': 'text/event-stream', 'cache-control': 'no-store' }
    reply.hijack()
    // For proxies that gather an answer before they pass it on.
    response.writeHead(200, { ...headers, 'x-accel-buffering': 'no' } as Record<string, string>)
    this.#held.set(response, held)
    const gone = () => {
      this.#held.delete(response)
      held.closed()
    }
    // Who left before the answer began is told of no more.
    if (response.destroyed) setImmediate(gone)
    else response.on('close', gone)
    // A write to a connection that was lost a moment ago: its close says the same.
    response.on('error', () => undefined)
    if (request.method === 'HEAD') response.end()
    // Written by itself the head is kept as one text; together with more, as the sixty pieces that it was put together from.
    else response.flushHeaders()
    this.#opened(request, reply)
    return new Outlet(response)
  }

  /** Has every stream say goodbye. */
  stop(): void {
    for (const held of [...this.#held.values()]) held.stop()
  }
}
