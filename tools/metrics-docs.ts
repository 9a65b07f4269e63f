// Writes docs/reference/metrics.md from the definitions of the metrics; with --check, says whether it is current.
import { METRICS, OF_PROCESS } from '../server/src/drivers/telemetry/metrics/definitions.ts'
import { runGenerator } from './generated.ts'

const PAGE = 'docs/reference/metrics.md'

/** The page. */
export function metricsPage(): string {
  const rows = Object.values(METRICS).map((metric) => {
    const { name, kind, labels, help } = metric
    const buckets = metric.kind === 'histogram' ? ` Buckets: ${metric.buckets.join(', ')}.` : ''
    return `| \`${name}\` | ${kind} | ${labels.map((label) => `\`${label}\``).join(', ') || '–'} | ${help}${buckets} |`
  })
  return `${[
    '# Metrics',
    '',
    '<!-- Written by `node tools/metrics-docs.ts` from server/src/drivers/telemetry/metrics/definitions.ts: do not edit. -->',
    '',
    'What `GET /metrics` answers, in the exposition format of Prometheus. How to open it, and what to make of it: [the guide](../guide/observability.md).',
    'Labels hold operations, bases, kinds of jobs, topics and outcomes as the code declares them: no id, no path, no address, so that their number is bounded.',
    '',
    '| metric | kind | labels | what |',
    '|---|---|---|---|',
    ...rows,
    '',
    '## Of the process',
    '',
    'What prom-client says of every Node process; beside these some that not every system has.',
    '',
    ...OF_PROCESS.map((name) => `- \`${name}\``),
  ].join('\n')}\n`
}

if (import.meta.main) runGenerator({ [PAGE]: metricsPage() })
