// The end of a listener and of connections without a request, so that none is reset while its request is on its way.
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'

const SWEEP_MS = 250
/** A connection without a single byte for so long was opened ahead, and is not the one whose request is arriving. */
const UNUSED_MS = 1_000
/** Under a load that never pauses there is always another connection; then the listener closes all the same. */
const MOST_TURNS = 1_000

export interface Closing {
  /** Resolves right after a turn of the event loop in which nobody connected: nobody then waits in the listener's queue, whose end would reset them. */
  quiet(): Promise<void>
  /** Closes connections that stay open without a request, again and again; gives the way to stop. */
  sweep(): () => void
  /** How many connections are open. */
  size(): number
}

export function watchConnections(server: Server, opened: (socket: Socket) => void): Closing {
  const connections = new Map<Socket, number>()
  let accepted = 0
  server.on('connection', (socket) => {
    accepted++
    connections.set(socket, performance.now())
    opened(socket)
    socket.once('close', () => connections.delete(socket))
  })

  /** Connections without a request: ones that a client keeps for later, and ones that were opened ahead and never used. */
  function closeUnused(): void {
    server.closeIdleConnections()
    const before = performance.now() - UNUSED_MS
    for (const [socket, since] of connections) if (socket.bytesRead === 0 && since < before) socket.destroy()
  }

  return {
    async quiet() {
      // A turn of the loop accepts one connection at most.
      for (let [turns, before] = [0, -1]; before !== accepted && turns < MOST_TURNS; turns++) {
        before = accepted
        await turn()
      }
    },
    sweep() {
      // After the turn's reading: what has arrived meanwhile makes its connection a used one.
      const timer = setInterval(() => setImmediate(closeUnused), SWEEP_MS)
      return () => clearInterval(timer)
    },
    size: () => connections.size,
  }
}
