// A receiver of traces for tests: OTLP over HTTP with JSON.
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ReceivedSpan {
  name: string
  kind: number
  traceId: string
  spanId: string
  parentSpanId: string | undefined
  /** 2 where it failed. */
  status: number | undefined
  attributes: Record<string, unknown>
  service: unknown
}

export interface Receiver {
  url: string
  spans: ReceivedSpan[]
  /** Everything that came, as text. */
  told(): string
  headers: IncomingHttpHeaders[]
  close(): Promise<void>
}

interface Attribute {
  key: string
  value: { stringValue?: string; intValue?: string | number; boolValue?: boolean }
}

export async function startReceiver(): Promise<Receiver> {
  const [spans, headers, bodies]: [ReceivedSpan[], IncomingHttpHeaders[], string[]] = [[], [], []]
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const part of request) text += part
    bodies.push(text)
    headers.push(request.headers)
    if (request.url === '/v1/traces') spans.push(...spansOf(text))
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    headers,
    told: () => bodies.join('\n'),
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function spansOf(text: string): ReceivedSpan[] {
  const { resourceSpans } = JSON.parse(text)
  return resourceSpans.flatMap(
    ({ resource, scopeSpans }: { resource: { attributes: Attribute[] }; scopeSpans: object[] }) =>
      (scopeSpans as { spans: (ReceivedSpan & { attributes: unknown; status: { code?: number } })[] }[]).flatMap(
        (scope) =>
          scope.spans.map((span) => ({
            ...span,
            status: (span.status as unknown as { code?: number }).code,
            attributes: attributesOf(span.attributes as unknown as Attribute[]),
            service: attributesOf(resource.attributes)['service.name'],
          })),
      ),
  )
}

function attributesOf(attributes: readonly Attribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}
