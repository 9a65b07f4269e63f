// Files on their way to whoever reads them: opened when they are sent, cut when nobody takes them, and so many at once for each reader.
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { requestErrors } from '../../core/errors.ts'
import { networkOf } from './addresses.ts'
import type { Download } from './routes.ts'

/** How long a reader of a streamed file may take nothing of it. */
const STALLED_MS = 60_000

export function endWhenStalled({ raw }: FastifyReply): void {
  raw.setTimeout(STALLED_MS, () => raw.destroy())
}

/** Of one reader in this process: each holds a connection to the storage, or a file, for as long as its reader likes. */
const MAX_RUNNING = 32
/** A guess: they end when their readers are done. */
const RETRY_SECONDS = 10

/** The downloads of one server. */
export class Downloads {
  readonly #running = new Map<string, number>()

  /** The content is opened only where it is sent; what refuses it then is an answer without the file's headers. */
  async send(request: FastifyRequest, reply: FastifyReply, download: Download): Promise<FastifyReply> {
    const { status, headers, open } = download
    const isSent = open && request.method !== 'HEAD'
    if (isSent) {
      // Small ones, which are not given much time, are there at once.
      if (request.routeOptions.config.route?.unhurried) this.#enter(readerOf(request, download), reply)
      endWhenStalled(reply)
    }
    const content = isSent ? await open() : undefined
    reply.code(status).headers({ 'cache-control': 'private, no-cache', ...headers })
    if (!open) return reply.send()
    if (!content) return reply.send(Readable.from([]))
    return reply.send(content instanceof Readable ? content : Readable.from(content))
  }

  /** Counts it until the answer is over, however that ends. Throws `request.too_many_downloads`. */
  #enter(reader: string, { raw }: FastifyReply): void {
    const running = this.#running.get(reader) ?? 0
    if (running >= MAX_RUNNING) throw requestErrors('request.too_many_downloads', { retryAfter: RETRY_SECONDS })
    if (raw.closed) return
    this.#running.set(reader, running + 1)
    raw.once('close', () => {
      const left = this.#running.get(reader)! - 1
      if (left > 0) this.#running.set(reader, left)
      else this.#running.delete(reader)
    })
  }
}

function readerOf({ actor, ip }: FastifyRequest, { reader }: Download): string {
  const who = reader ?? actor
  return who?.kind === 'user' ? `u:${who.userId}` : networkOf(ip)
}
