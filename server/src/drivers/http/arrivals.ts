// How long requests may take to arrive: each so long as a whole, an upload as long as it goes on.
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** What an upload brings at least, on average over the time that another request has as a whole. */
const BYTES_PER_SECOND = 8_000
const CHECK_MS = 2_000

interface Arrival {
  response: ServerResponse
  /** Since when, and from which byte of the connection, it is measured. */
  since: number
  from: number
  isUpload: boolean
}

export interface Arrivals {
  /** From now on the request is an upload, admitted and being read. */
  expectUpload(request: IncomingMessage): void
}

/**
 * Watches every request of the server until its body is there. One that takes longer is refused by `refuse` as Node refuses
 * a request that takes too long (ERR_HTTP_REQUEST_TIMEOUT); where an answer has begun, the connection just ends.
 */
export function watchArrivals(
  server: Server,
  withinMs: number,
  refuse: (error: Error, socket: Socket) => void,
): Arrivals {
  const arriving = new Map<IncomingMessage, Arrival>()
  const measured = (request: IncomingMessage) => ({ since: performance.now(), from: request.socket.bytesRead })

  server.prependListener('request', (request, response) => {
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
    if (length === undefined && encoding === undefined) return
    arriving.set(request, { response, isUpload: false, ...measured(request) })
    response.once('close', () => {
      if (request.complete) arriving.delete(request)
    })
  })

  function check(): void {
    const now = performance.now()
    for (const [request, arrival] of arriving) {
      const { socket } = request
      if (request.complete || socket.destroyed) {
        arriving.delete(request)
        continue
      }
      if (now - arrival.since < withinMs) continue
      if (arrival.isUpload && socket.bytesRead - arrival.from >= (BYTES_PER_SECOND * withinMs) / 1_000) {
        Object.assign(arrival, measured(request))
        continue
      }
      arriving.delete(request)
      if (arrival.response.headersSent) socket.destroy()
      else refuse(Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), socket)
    }
  }
  const timer = setInterval(check, CHECK_MS)
  timer.unref()
  server.once('close', () => clearInterval(timer))

  return {
    expectUpload(request) {
      const arrival = arriving.get(request)
      if (arrival) Object.assign(arrival, { isUpload: true, ...measured(request) })
    },
  }
}
