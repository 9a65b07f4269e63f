// Counting for Prometheus, in the words of the definitions. What nobody can ask for is not counted.
import type { Counter, Histogram, Registry } from 'prom-client'
import { type LabelsOf, METRICS, type NamesOf } from './definitions.ts'

type GaugeName = NamesOf<'gauge'>

/** One value of a gauge. */
export type Reading<N extends GaugeName> = readonly [value: number, labels: LabelsOf<N>]

type Reader<N extends GaugeName> = () => readonly Reading<N>[] | Promise<readonly Reading<N>[]>

export interface Metrics {
  count<N extends NamesOf<'counter'>>(name: N, labels: LabelsOf<N>, by?: number): void
  observe<N extends NamesOf<'histogram'>>(name: N, labels: LabelsOf<N>, value: number): void
  /** Read whenever somebody asks; what cannot be read then is left out. A later reader takes the place of an earlier one. */
  gauge<N extends GaugeName>(name: N, read: Reader<N>): void
  /** Everything as text; undefined where nothing is counted. */
  text(): Promise<MetricsText | undefined>
}

export interface MetricsText {
  /** The content type. */
  type: string
  text: string
}

/** Counts nothing. */
export const noMetrics: Metrics = {
  count() {},
  observe() {},
  gauge() {},
  text: async () => undefined,
}

/** Metrics of this process. The library is loaded only where somebody may ask. */
export async function createMetrics(isOn: boolean): Promise<Metrics> {
  return isOn ? metricsOn(await import('prom-client')) : noMetrics
}

/** Whoever asks has seconds; what hangs is left out. */
const READING_MS = 2_500

type Library = typeof import('prom-client')

function metricsOn(library: Library): Metrics {
  const registry = new library.Registry()
  library.collectDefaultMetrics({ register: registry })
  const readers = new Map<string, Reader<never>>()
  const { counters, histograms } = register(library, registry, readers)
  // The first process of WEB_CONCURRENCY adds up what these have.
  library.AggregatorRegistry.setRegistries([registry])
  new library.AggregatorRegistry()
  return {
    count: (name, labels, by = 1) => counters.get(name)!.inc(labels, by),
    observe: (name, labels, value) => histograms.get(name)!.observe(labels, value),
    gauge: (name, read) => void readers.set(name, read as Reader<never>),
    text: async () => ({ type: registry.contentType, text: await registry.metrics() }),
  }
}

function register(library: Library, registry: Registry, readers: Map<string, Reader<never>>) {
  const counters = new Map<string, Counter>()
  const histograms = new Map<string, Histogram>()
  for (const [key, metric] of Object.entries(METRICS)) {
    const { name, help, labels } = metric
    const common = { name, help, labelNames: [...labels], registers: [registry] }
    if (metric.kind === 'counter') counters.set(key, new library.Counter(common))
    else if (metric.kind === 'histogram')
      histograms.set(key, new library.Histogram({ ...common, buckets: [...metric.buckets] }))
    else
      new library.Gauge({
        ...common,
        aggregator: metric.together,
        async collect() {
          const readings = await within(readers.get(key))
          this.reset()
          for (const [value, labelled] of readings) this.set(labelled, value)
        },
      })
  }
  return { counters, histograms }
}

async function within(read: Reader<never> | undefined): Promise<readonly Reading<never>[]> {
  if (!read) return []
  let late: NodeJS.Timeout | undefined
  const patience = new Promise<[]>((done) => {
    late = setTimeout(done, READING_MS, [])
  })
  try {
    return await Promise.race([read(), patience])
  } catch {
    return []
  } finally {
    clearTimeout(late)
  }
}
