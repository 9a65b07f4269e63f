// One text for all processes of WEB_CONCURRENCY: the first process adds up what each has, whichever of them was asked.
import cluster, { type Worker } from 'node:cluster'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MetricsText } from './metrics.ts'

const ASK = 'ashlar:metrics-asked'
const ANSWER = 'ashlar:metrics'
/** Longer than the first process waits for the others. */
const PATIENCE_MS = 6_000

interface Answer extends Partial<MetricsText> {
  kind: typeof ANSWER
  id: number
}

/** In the first process: has its processes told what all of them have, and answers the same. */
export async function gatherMetrics(): Promise<() => Promise<MetricsText>> {
  const { AggregatorRegistry } = await import('prom-client')
  const all = new AggregatorRegistry()
  const text = async () => ({ type: all.contentType, text: await all.clusterMetrics() })
  cluster.on('message', async (worker: Worker, message: unknown) => {
    const { kind, id } = (message ?? {}) as { kind?: unknown; id?: number }
    if (kind !== ASK) return
    // What cannot be gathered is answered with nothing.
    const gathered = await text().catch(() => ({}))
    if (worker.isConnected()) worker.send({ ...gathered, kind: ANSWER, id } as Answer)
  })
  return text
}

let asked = 0
const waiting = new Map<number, (answer: Answer) => void>()

/** In any other of the processes: asks the first. Throws where it does not answer. */
export async function askFirstProcess(): Promise<MetricsText> {
  if (asked === 0) process.on('message', hear)
  const id = ++asked
  try {
    const answer = new Promise<Answer>((done) => waiting.set(id, done))
    process.send!({ kind: ASK, id })
    const told = await Promise.race([answer, sleep(PATIENCE_MS, undefined, { ref: false })])
    if (told?.text === undefined || told.type === undefined)
      throw new Error('The metrics of all processes could not be gathered.')
    return { type: told.type, text: told.text }
  } finally {
    waiting.delete(id)
  }
}

function hear(message: unknown): void {
  const { kind, id } = (message ?? {}) as Partial<Answer>
  if (kind === ANSWER) waiting.get(id!)?.(message as Answer)
}
