// The second port, on which there is nothing but /metrics.
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isSameSecret } from '../../../core/ids.ts'
import type { MetricsText } from './metrics.ts'

export interface MetricsPortOptions {
  host: string
  port: number
  /** Asked for where there is one. */
  token: string | undefined
}

export interface MetricsPort {
  address: string
  close(): void
}

/** Answers on a port of its own until it is closed. Throws where it cannot listen. */
export async function serveMetrics(
  { host, port, token }: MetricsPortOptions,
  text: () => Promise<MetricsText | undefined>,
): Promise<MetricsPort> {
  const server = createServer({ requestTimeout: 5_000, keepAliveTimeout: 60_000 }, async (request, response) => {
    request.resume()
    const { status, type, body } = await answerTo(request, token, text)
    response.writeHead(status, {
      'content-type': type,
      'cache-control': 'no-store',
      ...(status === 401 && { 'www-authenticate': 'Bearer' }),
    })
    response.end(request.method === 'HEAD' ? undefined : body)
  })
  server.maxConnections = 50
  await new Promise<void>((done, fail) => {
    server.once('error', fail).listen(port, host, done)
  })
  const { address, family, port: taken } = server.address() as AddressInfo
  return {
    address: `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}/metrics`,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function answerTo(
  { method = '', url = '', headers }: IncomingMessage,
  token: string | undefined,
  text: () => Promise<MetricsText | undefined>,
): Promise<{ status: number; type: string; body: string }> {
  const plain = (status: number, body: string) => ({ status, type: 'text/plain; charset=utf-8', body })
  if (url.split('?')[0] !== '/metrics') return plain(404, 'There is nothing but /metrics here.\n')
  if (!['GET', 'HEAD'].includes(method)) return plain(405, 'Metrics are read.\n')
  if (token !== undefined && !opensMetrics(headers.authorization, token))
    return plain(401, 'METRICS_TOKEN is asked for.\n')
  const gathered = await text().catch(() => undefined)
  if (!gathered) return plain(503, 'The metrics cannot be gathered right now.\n')
  return { status: 200, type: gathered.type, body: gathered.text }
}

/** Whether the Authorization header holds the token; in the same time whatever it holds. */
export function opensMetrics(authorization: string | undefined, token: string): boolean {
  const sent = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? ''
  return isSameSecret(sent, token)
}
