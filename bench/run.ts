// `npm run bench`: Ashlar beside the limit of the machine, in one interleaved run, as ratios.
//
//   npm run bench                 1,000 and 200,000 accounts, prints the page
//   npm run bench -- --write      and writes docs/reference/benchmarks.md
//   npm run bench -- --quick      short slices, to see that it works
//
// Needs wrk. Nothing else may run on the machine meanwhile.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { measureEntry } from './entry.ts'
import { measureLists } from './lists.ts'
import { type Report, render } from './report.ts'
import { measureRevocation } from './revocation.ts'
import { startBench } from './servers.ts'
import { createSlices } from './slices.ts'
import { measureStart } from './start.ts'
import { measureStreams } from './streams.ts'
import { measureTenants } from './tenants.ts'

const { values } = parseArgs({
  options: { write: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
})
const [rounds, seconds] = values.quick ? [1, 1] : [3, 3]

if (spawnSync('wrk', ['-v']).error) {
  console.error('The benchmark needs wrk (apt-get install wrk).')
  process.exit(1)
}

const report: Report = { lines: [], growth: [], facts: [], revocations: [], rounds, seconds }
const bench = await startBench()
try {
  const slices = createSlices(bench.postmaster, rounds, seconds)
  await measureStart(bench, report)
  await measureLists(bench, slices, report)
  await measureEntry(bench, slices, report)
  await measureTenants(bench, slices, report)
  await measureRevocation(bench, report)
  await measureStreams(bench, report, values.quick ? 500 : 10_000)
} finally {
  await bench.stop()
}
const page = render(report)
console.log(page)
if (values.write) writeFileSync(resolve(import.meta.dirname, '../docs/reference/benchmarks.md'), page)
