// `npm run bench`: Ashlar beside the limit of the machine, in one interleaved run, as ratios.
//
//   npm run bench                 1,000 and 200,000 accounts, prints the page
//   npm run bench -- --write      and writes docs/reference/benchmarks.md, part by part, and its figures beside it
//   npm run bench -- --quick      short slices, to see that it works
//   npm run bench -- --only files one part of it: start, lists, entry, tenants, growth, revocation, files, streams, dashboard, ai
//   npm run bench -- --rows 50000  growth up to so many of everything instead of a million
//
// Needs wrk. Nothing else may run on the machine meanwhile.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { measureAi } from './ai.ts'
import { measureDashboard } from './dashboard.ts'
import { measureEntry } from './entry.ts'
import { measureFiles } from './files.ts'
import { measureGrowth } from './growth.ts'
import { measureLists } from './lists.ts'
import { emptyPart, type Part, render } from './report.ts'
import { measureRevocation } from './revocation.ts'
import { type Bench, startBench } from './servers.ts'
import { createSlices, type Slices } from './slices.ts'
import { measureStart } from './start.ts'
import { measureStreams } from './streams.ts'
import { measureTenants } from './tenants.ts'

const { values } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    rows: { type: 'string' },
  },
})
const SMALL = { accounts: 10_000, activities: 50_000, documents: 10_000 }
const LARGE = { accounts: 1_000_000, activities: 5_000_000, documents: 200_000 }
const rows = Number(values.rows ?? (values.quick ? 20_000 : 1_000_000))
const grown = { rows, tenants: Math.max(1, Math.floor(rows / 100)) }
const [rounds, seconds] = values.quick ? [1, 1] : [3, 3]

if (spawnSync('wrk', ['-v']).error) {
  console.error('The benchmark needs wrk (apt-get install wrk).')
  process.exit(1)
}

if (values.quick && values.write) {
  console.error('The page is of full slices: --write goes without --quick.')
  process.exit(2)
}

if (values.rows !== undefined && values.write) {
  console.error('The page is of a million rows: --write goes without --rows.')
  process.exit(2)
}

const PARTS: Record<string, (part: Part, bench: Bench, slices: Slices) => Promise<void>> = {
  start: (part, bench) => measureStart(bench, part),
  lists: (part, bench, slices) => measureLists(bench, slices, part),
  entry: (part, bench, slices) => measureEntry(bench, slices, part),
  tenants: (part, bench, slices) => measureTenants(bench, slices, part),
  growth: (part, bench, slices) => measureGrowth(bench, slices, part, grown),
  revocation: (part, bench) => measureRevocation(bench, part),
  files: (part, bench) => measureFiles(bench, part, values.quick ? 64 : 2_000, rounds),
  dashboard: (part, bench, slices) => measureDashboard(bench, slices, part, values.quick ? SMALL : LARGE),
  streams: (part, bench) => measureStreams(bench, part, values.quick ? 500 : 10_000),
  ai: (part, bench) => measureAi(bench, part, values.quick ? 50 : 500),
}
if (values.only !== undefined && !Object.hasOwn(PARTS, values.only)) {
  console.error(`There is no part ${values.only}: ${Object.keys(PARTS).join(', ')}.`)
  process.exit(2)
}

const PAGE = resolve(import.meta.dirname, '../docs/reference/benchmarks.md')
const FIGURES = resolve(import.meta.dirname, '../docs/reference/benchmarks.json')
const kept: Record<string, Part> = values.write && existsSync(FIGURES) ? JSON.parse(readFileSync(FIGURES, 'utf8')) : {}
const bench = await startBench()
try {
  const slices = createSlices(bench.postmaster, rounds, seconds)
  for (const [name, measure] of Object.entries(PARTS)) {
    if ((values.only ?? name) !== name) continue
    const part = emptyPart()
    await measure(part, bench, slices)
    kept[name] = part
    if (values.write) write()
  }
} finally {
  await bench.stop()
}
console.log(render(inOrder(), { rounds, seconds }))

/** What was measured stays where a later part breaks off. */
function write(): void {
  const parts = inOrder()
  writeFileSync(FIGURES, `${JSON.stringify(parts, undefined, 2)}\n`)
  writeFileSync(PAGE, render(parts, { rounds, seconds }))
}

function inOrder(): Record<string, Part> {
  return Object.fromEntries(Object.keys(PARTS).flatMap((name) => (kept[name] ? [[name, kept[name]]] : [])))
}
