// The end of a connection whose client is still sending: closed at once, what is on its way would be answered with a reset, which
// destroys the answer that the client has not read yet (RFC 9112, 9.6).
import type { IncomingMessage } from 'node:http'

/** How long, and how much, is read away for a client that does not stop sending. */
const LINGER_MS = 10_000
const LINGER_BYTES = 64 * 1024 * 1024
/** Who sends nothing for so long has either read the answer or will not. */
const SILENT_MS = 3_000

/**
 * Has the connection end in two steps once its answer, which says `Connection: close`, is written: first our side, then, when the
 * client has closed its own or a bound is reached, the whole. What comes meanwhile is read away and is no request.
 */
export function lingerAfterAnswer({ socket }: IncomingMessage): void {
  // Node's HTTP server calls this when the last answer of a connection is written; see resOnFinish in lib/_http_server.js.
  socket.destroySoon = () => {
    let left = LINGER_BYTES
    const end = () => socket.destroy()
    const patience = setTimeout(end, LINGER_MS).unref()
    // Without the parser's listeners nothing reaches it any more.
    socket.removeAllListeners('data').removeAllListeners('end')
    socket.on('data', (chunk: Buffer) => {
      left -= chunk.length
      if (left < 0) end()
    })
    socket.on('end', end)
    socket.setTimeout(SILENT_MS, end)
    socket.once('close', () => clearTimeout(patience))
    socket.end()
    socket.resume()
  }
}
