// What this process is doing just now: the request or the job in whose course something happens, wherever in the code that is.
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Span } from './tracing.ts'

export interface Doing {
  /** What the log says of it beside the rest. */
  facts: { route: string; reqId: string } | { job: string; jobId: string }
  /** W3C Trace Context: ours where traces are sent, else the caller's; undefined where there is none. */
  traceId: string | undefined
  /** Where traces are sent, and this one is. */
  span: Span | undefined
}

const current = new AsyncLocalStorage<Doing>()

export function during<T>(doing: Doing, work: () => T): T {
  return current.run(doing, work)
}

export function doing(): Doing | undefined {
  return current.getStore()
}

/** What is logged in its course says so. */
export function traceFacts(): { traceId?: string; spanId?: string } {
  const { traceId, span } = current.getStore() ?? {}
  if (traceId === undefined) return {}
  return span ? { traceId, spanId: span.spanId } : { traceId }
}
