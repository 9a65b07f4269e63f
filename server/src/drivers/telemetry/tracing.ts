// Traces for OpenTelemetry: off unless an endpoint is named, and then nothing of it is loaded.
import type { Context, Span as OtelSpan, SpanKind } from '@opentelemetry/api'
import type { Log } from './log.ts'

export type Attributes = Record<string, string | number | boolean | undefined>

/** Something that takes time, as part of a trace. */
export interface Span {
  readonly traceId: string
  readonly spanId: string
  /** How others are told of it (W3C Trace Context). */
  readonly traceparent: string
  /** Not ended yet. */
  readonly isOpen: boolean
  set(attributes: Attributes): void
  /** It did not go well. */
  fail(reason?: string): void
  end(): void
}

export interface Tracing {
  /** Begins a span under another, or under the one that a `traceparent` names, else a trace of its own. */
  begin(kind: keyof typeof SpanKind, name: string, parent: Span | string | undefined, attributes?: Attributes): Span
  /** Sends what there is. */
  close(): Promise<void>
}

export interface TracingOptions {
  /** The base address of OTLP over HTTP; undefined for no traces. */
  endpoint: string | undefined
  headers: Readonly<Record<string, string>>
  serviceName: string
  /** Of the traces that begin here, 0 to 1. */
  share: number
  version: string
}

/** Spans are sent so often. */
const SENT_MS = 1_000

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/

/** The parts of a `traceparent`; undefined where it is none (W3C Trace Context, 3.2). */
export function readTraceparent(text: unknown): { traceId: string; spanId: string; traceFlags: number } | undefined {
  const parts = typeof text === 'string' ? TRACEPARENT.exec(text) : null
  if (!parts || /^0+$/.test(parts[1]!) || /^0+$/.test(parts[2]!)) return undefined
  return { traceId: parts[1]!, spanId: parts[2]!, traceFlags: Number.parseInt(parts[3]!, 16) }
}

/** Undefined where no endpoint is named. */
export async function createTracing(options: TracingOptions, log: Log): Promise<Tracing | undefined> {
  const { endpoint, headers, serviceName, share, version } = options
  if (endpoint === undefined) return undefined
  const [api, sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ])
  // A receiver that is away would be told of with every batch.
  const tell = seldom(() => log.warn({}, 'traces cannot be sent: see OTEL_EXPORTER_OTLP_ENDPOINT'))
  const quiet = () => undefined
  api.diag.setLogger(
    { error: tell, warn: quiet, info: quiet, debug: quiet, verbose: quiet },
    { logLevel: api.DiagLogLevel.ERROR, suppressOverrideMessage: true },
  )
  // What a caller says is followed where it says no; where it says yes the share counts, which is the same for one trace everywhere.
  const shared = new sdk.TraceIdRatioBasedSampler(share)
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({
      'service.name': serviceName,
      'service.version': version,
      'process.pid': process.pid,
    }),
    sampler: new sdk.ParentBasedSampler({ root: shared, remoteParentSampled: shared }),
    spanProcessors: [
      new sdk.BatchSpanProcessor({
        scheduledDelayMillis: SENT_MS,
        exporter: new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces`, headers: { ...headers } }),
      }),
    ],
  })
  const tracer = provider.getTracer('ashlar', version)
  const contexts = new WeakMap<Span, Context>()

  function contextOf(parent: Span | string | undefined): Context {
    if (typeof parent === 'object') return contexts.get(parent) ?? api.ROOT_CONTEXT
    const remote = readTraceparent(parent)
    return remote ? api.trace.setSpanContext(api.ROOT_CONTEXT, { ...remote, isRemote: true }) : api.ROOT_CONTEXT
  }

  return {
    begin(kind, name, parent, attributes = {}) {
      const context = contextOf(parent)
      const began = tracer.startSpan(name, { kind: api.SpanKind[kind], attributes }, context)
      const span = spanOf(began, api.SpanStatusCode.ERROR)
      contexts.set(span, api.trace.setSpan(context, began))
      return span
    },
    close: () => provider.shutdown().catch(tell),
  }
}

function spanOf(span: OtelSpan, failed: number): Span {
  const { traceId, spanId, traceFlags } = span.spanContext()
  let isOpen = true
  return {
    traceId,
    spanId,
    traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
    set: (attributes) => void span.setAttributes(attributes),
    fail: (reason) => void span.setStatus({ code: failed, ...(reason !== undefined && { message: reason }) }),
    get isOpen() {
      return isOpen
    },
    end() {
      isOpen = false
      span.end()
    },
  }
}

const SELDOM_MS = 60_000

/** The same, once in so long; what comes sooner is left out. */
function seldom(tell: () => void): () => void {
  let last = Number.NEGATIVE_INFINITY
  return () => {
    const now = performance.now()
    if (now - last < SELDOM_MS) return
    last = now
    tell()
  }
}
