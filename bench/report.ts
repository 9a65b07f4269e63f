// The page that a benchmark writes: figures, ratios, and the target beside each ratio.
import { availableParallelism, cpus } from 'node:os'
import type { Measured } from './load.ts'

/** Ours beside the limit, or beside ourselves in other circumstances. */
export interface Line {
  what: string
  ours: Measured
  limit: Pick<Measured, 'perSecond'> & Partial<Measured>
  /** The ratio that we want at least. */
  target: number
}

/** A figure of one process. */
export interface Fact {
  what: string
  value: number
  unit: string
  /** The most that we want. */
  target: number
}

/** A large file beside a bare pipe, in megabytes a second. */
export interface Transfer {
  what: string
  ours: number
  limit: number
  target: number
}

export interface Report {
  lines: Line[]
  /** How a larger installation does beside a smaller one, Ashlar only. */
  growth: Line[]
  facts: Fact[]
  transfers: Transfer[]
  /** How long what one process ended still worked on two others. */
  revocations: { what: string; p50Ms: number; p99Ms: number }[]
  /** The routes of the dashboard of a large tenant. */
  dashboard: { what: string; p50Ms: number; p99Ms: number; perSecond: number; errors: number }[]
}

/** What one part of the benchmark found. */
export interface Part extends Report {
  /** YYYY-MM-DD. */
  measuredOn: string
}

export function emptyPart(): Part {
  const measuredOn = new Date().toISOString().slice(0, 10)
  return { measuredOn, lines: [], growth: [], facts: [], transfers: [], revocations: [], dashboard: [] }
}

/** The page as Markdown, of parts by name. */
export function render(
  parts: Readonly<Record<string, Part>>,
  { rounds, seconds }: { rounds: number; seconds: number },
): string {
  const all = <K extends keyof Report>(what: K) =>
    Object.values(parts).flatMap((part): unknown[] => part[what]) as Report[K]
  const [lines, growth, facts] = [all('lines'), all('growth'), all('facts')]
  const [transfers, revocations, dashboard] = [all('transfers'), all('revocations'), all('dashboard')]
  const measured = Object.entries(parts).map(([name, { measuredOn }]) => `${name} ${measuredOn}`)
  return `# Benchmarks

Written by \`npm run bench -- --write\`: Ashlar with everything on (rights, tenants, row-level security, sessions checked, logs on; rate limits off)
beside the limit, a bare \`node:http\` server that runs the same statements without any of it. Both work on the same PostgreSQL, with durable settings,
and take turns: ${rounds} slices of ${seconds} s each, 32 connections (8 where sign-ins take part), the slice in the middle is shown. Absolute figures belong to the
machine (${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown'}, shared by server, database and load generator); ratios are what counts. Errors of the sign-ins
are people of the demonstration data who are suspended. A ratio below its target is marked. One part at a time is measured again by
\`npm run bench -- --only lists --write\`; these were measured on: ${measured.join(', ')}.

| what | requests/s | limit | ratio | target | p50 ms | p99 ms | CPU µs (server + database) | limit's CPU µs | errors |
|---|---|---|---|---|---|---|---|---|---|
${lines.map(rowOf).join('\n')}

How a larger installation does beside a smaller one, Ashlar only:

| what | smaller, requests/s | larger, requests/s | ratio | target | smaller, p50 ms | larger, p50 ms | smaller, p99 ms | larger, p99 ms | errors |
|---|---|---|---|---|---|---|---|---|---|
${growth.map(growthRow).join('\n')}

Large files, beside a bare \`node:http\` server that pipes them into a file and out of it:

| what | MB/s | limit | ratio | target |
|---|---|---|---|---|
${transfers.map(({ what, ours, limit, target }) => `| ${what} | ${figure(ours)} | ${figure(limit)} | ${marked((ours / limit).toFixed(2), ours / limit >= target)} | ${target} |`).join('\n')}

One process:

| what | figure | target |
|---|---|---|
${facts.map(({ what, value, unit, target }) => `| ${what} | ${marked(figure(value), value <= target)} ${unit} | ${target} ${unit} |`).join('\n')}

Three processes over one database: from the answer to a change on one of them until both others refuse what it ended (target: p99 below 1,000 ms).

| what ends it | p50 ms | p99 ms |
|---|---|---|
${revocations.map(({ what, p50Ms, p99Ms }) => `| ${what} | ${p50Ms.toFixed(1)} | ${marked(p99Ms.toFixed(1), p99Ms < 1_000)} |`).join('\n')}
${dashboard.length === 0 ? '' : dashboardSection(dashboard)}`
}

function dashboardSection(rows: Report['dashboard']): string {
  return `
The dashboard of a large tenant, 4 connections (target: p99 below 100 ms):

| route | p50 ms | p99 ms | requests/s | errors |
|---|---|---|---|---|
${rows.map(({ what, p50Ms, p99Ms, perSecond, errors }) => `| ${what} | ${p50Ms.toFixed(1)} | ${marked(p99Ms.toFixed(1), p99Ms < 100)} | ${figure(perSecond)} | ${errors} |`).join('\n')}
`
}

function growthRow(line: Line): string {
  const { what, ours, limit, target } = line
  const ms = (value: number | undefined) => value?.toFixed(1) ?? ''
  const rates = [figure(limit.perSecond), figure(ours.perSecond), ratioOf(line), target]
  const latencies = [ms(limit.p50Ms), ms(ours.p50Ms), ms(limit.p99Ms), ms(ours.p99Ms)]
  return `| ${[what, ...rates, ...latencies, ours.errors].join(' | ')} |`
}

function rowOf(line: Line): string {
  const { what, ours, limit, target } = line
  const cells = [
    what,
    figure(ours.perSecond),
    figure(limit.perSecond),
    ratioOf(line),
    target,
    ours.p50Ms.toFixed(1),
    ours.p99Ms.toFixed(1),
    cpu(ours),
    cpu(limit),
    ours.errors,
  ]
  return `| ${cells.join(' | ')} |`
}

/** A limit that answered hardly anything in its slices gives no ratio. */
function ratioOf({ ours, limit, target }: Line): string {
  if (limit.perSecond < 1) return '(the limit timed out)'
  const ratio = ours.perSecond / limit.perSecond
  return marked(ratio.toFixed(2), ratio >= target)
}

function marked(text: string, met: boolean): string {
  return met ? `**${text}**` : `${text} (missed)`
}

function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1)
}

function cpu({ serverCpuUs, databaseCpuUs }: Partial<Measured>): string {
  if (serverCpuUs === undefined || databaseCpuUs === undefined) return ''
  return `${Math.round(serverCpuUs)} + ${Math.round(databaseCpuUs)}`
}
