// How incoming requests are named, which tenant they choose, and how their bodies are read.
import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Problem, requestErrors } from '../../core/errors.ts'
import type { HttpOptions } from './server.ts'

const ID_PREFIX = randomBytes(8).toString('hex')
let requests = 0

/** An incoming X-Request-ID is kept when it is short and plain; else the trace id of a W3C traceparent; else a new one. */
export function requestId(request: IncomingMessage): string {
  const sent = request.headers['x-request-id']
  if (typeof sent === 'string' && /^[\w.:-]{1,128}$/.test(sent)) return sent
  const { traceparent } = request.headers
  const trace =
    typeof traceparent === 'string' ? /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(traceparent)?.[1] : undefined
  return trace ?? `${ID_PREFIX}-${(++requests).toString(36)}`
}

/** Reads JSON, and nothing for `text/plain`. Clients send a JSON content type with no body: that is no body, not a broken one. */
export function readBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined)
    else
      void parse(request, body as string, (error, value) =>
        error ? done(unreadable(body as string)) : done(null, value),
      )
  })
  app.removeContentTypeParser('text/plain')
}

/** The refusal of a body, in words that hold nothing of it: the parser's own quote it where they name no place. */
function unreadable(body: string): Problem {
  try {
    JSON.parse(body.replace(/^\ufeff/, ''))
  } catch (error) {
    const { message } = error as SyntaxError
    const [, position, line, column] = / at position (\d+) \(line (\d+) column (\d+)\)$/.exec(message) ?? []
    const at = position && `: it goes wrong at position ${position} (line ${line}, column ${column})`
    const end = message === 'Unexpected end of JSON input' && ': it ends too early'
    return requestErrors('request.malformed', { message: `The body is not valid JSON${at || end || ''}.` })
  }
  return requestErrors('request.malformed', { message: 'The body has a key that JavaScript takes for a prototype.' })
}

/**
 * What stands before the main domain in a host name; undefined for the main domain itself, its `www`, and every other host. More
 * than one label is handed on as it is: no tenant is called so.
 */
function subdomainOf(hostname: string, mainDomain: string): string | undefined {
  // A name with a final dot is the same name, fully qualified (RFC 1034, 3.1).
  const host = hostname.toLowerCase().replace(/\.$/, '')
  if (!host.endsWith(`.${mainDomain}`) || host === `www.${mainDomain}`) return undefined
  return host.slice(0, -mainDomain.length - 1) || host
}

/** A function that tells which tenant a request names: an id or a slug, not yet checked. */
export function tenantChooser({
  strategy,
  mainDomain,
}: HttpOptions['tenancy']): (request: FastifyRequest) => string | undefined {
  if (strategy === 'none') return () => undefined
  if (strategy === 'header') {
    return (request) => {
      const sent = request.headers['x-tenant-id']
      if (sent === undefined || sent === '') return undefined
      // Two headers that disagree are joined with a comma by Node: no tenant is called so, which refuses both.
      return String(sent)
    }
  }
  return (request) => subdomainOf(request.hostname, mainDomain ?? '')
}
