// The door to metrics.
export { METRICS } from './definitions.ts'
export { createMetrics, type Metrics, type MetricsText, noMetrics } from './metrics.ts'
export { type MetricsPort, opensMetrics, serveMetrics } from './port.ts'
export { askFirstProcess, gatherMetrics } from './processes.ts'
