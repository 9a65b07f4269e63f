// The door of the telemetry driver.
export { type Doing, doing, during, traceFacts } from './doing.ts'
export { createMachine, type Machine } from './machine.ts'
export { createMeter, type Meter } from './meter.ts'
export {
  askFirstProcess,
  createMetrics,
  gatherMetrics,
  type Metrics,
  type MetricsPort,
  type MetricsText,
  noMetrics,
  opensMetrics,
  serveMetrics,
} from './metrics/index.ts'
export { createTracing, readTraceparent, type Span, type Tracing } from './tracing.ts'
