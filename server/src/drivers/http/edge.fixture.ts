// For the tests of the edge: requests byte for byte as they are written, and a server of routes that fail as they are told.
import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { connect } from 'node:net'
import Type from 'typebox'
import type { TestApp } from '../../../test/harness.ts'
import { createLog, type Log } from '../telemetry/log.ts'
import { type Base, type Route, route } from './routes.ts'
import { createHttp, type HttpOptions, type HttpServer } from './server.ts'

export interface RawAnswer {
  status: number
  headers: IncomingHttpHeaders
  text: string
}

/** A client that neither cleans paths nor headers; close it when done. */
export function rawClient(base: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  const { hostname, port } = new URL(base)
  return {
    send: (method: string, path: string, headers: Record<string, string> = {}, body?: string | Buffer) =>
      new Promise<RawAnswer>((resolve, reject) => {
        const outgoing = request({ hostname, port, method, path, headers, agent }, (incoming) => {
          let text = ''
          incoming.setEncoding('utf8')
          const answered = () => resolve({ status: incoming.statusCode!, headers: incoming.headers, text })
          incoming.on('data', (part) => {
            text += part
            // A stream is answered with its first words, and would not end by itself.
            if (incoming.headers['content-type'] !== 'text/event-stream' || !text.includes('\n\n')) return
            answered()
            incoming.destroy()
          })
          incoming.on('end', answered)
        })
        outgoing.setTimeout(10_000, () => outgoing.destroy(new Error('no answer within 10 s')))
        outgoing.on('error', reject)
        outgoing.end(body)
      }),
    close: () => agent.destroy(),
  }
}

/** Writes the bytes on a connection of their own; resolves with what comes back before it is closed. */
export function rawBytes(base: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(base)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes))
    let text = ''
    socket.setTimeout(10_000, () => socket.destroy(new Error('the connection stays open')))
    socket.on('data', (part) => {
      text += part
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(text))
  })
}

export const quiet: Log = createLog({ level: 'silent', format: 'json' })

export const OPTIONS: HttpOptions = {
  cspMode: 'strict',
  hsts: true,
  bodyLimit: 1024,
  requestTimeoutMs: 30_000,
  headersTimeoutMs: 10_000,
  handlerTimeoutMs: 10_000,
  keepAliveTimeoutMs: 5_000,
  maxConnections: 1_000,
  trustedProxies: [],
  corsOrigins: [],
  documents: true,
  version: '0.0.0-test',
  tenancy: { strategy: 'header', mainDomain: undefined },
  reauthenticationSeconds: 600,
}

/** A server of the given routes with the identity of the running app. */
export async function serveRoutes(
  { app }: Pick<TestApp, 'app'>,
  routes: readonly Route[],
  options: Partial<HttpOptions> = {},
  log = quiet,
): Promise<HttpServer & { url: string }> {
  const http = await createHttp(
    { ...OPTIONS, ...options },
    { routes, authenticator: app.actors, limiter: app.limiter, log },
  )
  return { ...http, url: await http.listen('127.0.0.1', 0) }
}

export const BASES = { canonical: '/api/v1', halolight: '/api', envelope: '', plain: '' } as const

/** Routes that throw what `failure` says, one a base. */
export function failingRoutes(failure: () => unknown): Route[] {
  return (Object.keys(BASES) as Base[]).map((base) =>
    route({
      method: 'GET',
      path: `/${base === 'envelope' ? 'auth' : 'probe'}/fail-${base}`,
      operation: `probe.fail-${base}`,
      access: { public: 'a probe of the tests' },
      bases: [base],
      summary: 'Fail',
      answer: Type.Object({}),
      handle: async () => {
        throw failure()
      },
    }),
  )
}

export function failingPath(base: Base): string {
  return `${BASES[base]}/${base === 'envelope' ? 'auth' : 'probe'}/fail-${base}`
}
