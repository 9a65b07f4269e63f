// What is seen of statements: how long each took and which were slow. Of values nothing is told: a statement has `$1` in their place.
import { doing, type Metrics, type Tracing } from '../telemetry/index.ts'
import type { PoolLog } from './pool.ts'

export interface WatchOptions {
  /** Statements that take so long are logged, in milliseconds; 0 for none. */
  slowMs?: number
  /** Logs every statement. */
  echo?: boolean
  tracing?: Tracing | undefined
}

/** Runs a statement under somebody's eyes. */
export type Watch = <T>(text: string, run: () => Promise<T>) => Promise<T>

/** Of a statement the log has so much. */
const TEXT_LENGTH = 2_000

export function createWatch(
  { slowMs = 0, echo = false, tracing }: WatchOptions,
  log: PoolLog,
  metrics: Pick<Metrics, 'count' | 'observe'>,
): Watch {
  const ended = (text: string, began: number) => {
    const ms = performance.now() - began
    metrics.observe('statementSeconds', {}, ms / 1_000)
    const isSlow = slowMs > 0 && ms >= slowMs
    if (isSlow) metrics.count('slowStatements', {})
    if (!isSlow && !echo) return
    const facts = { ...doing()?.facts, ms: Math.round(ms * 10) / 10, statement: shown(text) }
    if (isSlow) log.warn(facts, 'a statement was slow')
    else log.info(facts, 'statement')
  }
  const timed: Watch = async (text, run) => {
    const began = performance.now()
    try {
      return await run()
    } finally {
      ended(text, began)
    }
  }
  return tracing ? (text, run) => traced(tracing, text, () => timed(text, run)) : timed
}

/** What is done for nobody, such as looking for jobs, is no trace; nor what a timer does that somebody began long ago. */
async function traced<T>(tracing: Tracing, text: string, run: () => Promise<T>): Promise<T> {
  const parent = doing()?.span
  if (!parent?.isOpen) return run()
  const statement = shown(text)
  const verb = /^\w+/.exec(statement)?.[0].toUpperCase() ?? 'SQL'
  const span = tracing.begin('CLIENT', verb, parent, { 'db.system.name': 'postgresql', 'db.query.text': statement })
  try {
    return await run()
  } catch (error) {
    span.set({ 'db.response.status_code': (error as { code?: string }).code })
    span.fail()
    throw error
  } finally {
    span.end()
  }
}

function shown(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, TEXT_LENGTH)
}
