// `npm run test:faults`: the fault experiments E1 to E12 at their full size, each figure beside its target.
//
//   npm run test:faults                 all of them; ends with 1 when a test fails or a target is missed
//   npm run test:faults -- --only E3    one of them, or some: --only E3,E10
//   npm run test:faults -- --quick      as short as in `npm test`; times then say little, and only tests that fail count
//   npm run test:faults -- --write      and writes what was run into docs/reference/faults.md
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Figure } from '../server/test/figures.ts'
import { EXPERIMENTS, type Experiment } from './faults/experiments.ts'
import { isMet, render, rowOf } from './faults/page.ts'

const ROOT = resolve(import.meta.dirname, '..')
const TESTS_FAILED = 'test runs that failed'
const PAGE = join(ROOT, 'docs/reference/faults.md')

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})
const asked = values.only?.toUpperCase().split(',')
const chosen = EXPERIMENTS.filter(({ id }) => asked?.includes(id) ?? true)
const unknown = asked?.filter((id) => !EXPERIMENTS.some((one) => one.id === id)) ?? []
if (unknown.length > 0 || (values.quick && values.write)) {
  console.error(
    unknown.length > 0
      ? `There is no experiment ${unknown.join(', ')}: E1 to E12.`
      : 'The page shows experiments at their full size: --write goes without --quick.',
  )
  process.exit(2)
}

const folder = mkdtempSync(join(tmpdir(), 'ashlar-faults-'))
try {
  const figures: Figure[] = []
  for (const experiment of chosen) figures.push(...(await run(experiment)))
  const missed = figures.filter((figure) => !isMet(figure))
  console.log(`\n${figures.map(rowOf).join('\n')}\n`)
  console.log(
    missed.length === 0 ? 'Every target is met.' : `${missed.length} of ${figures.length} figures miss their target.`,
  )
  if (values.write) {
    const before = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : ''
    writeFileSync(PAGE, render(figures, machine(), before))
    console.log('wrote docs/reference/faults.md')
  }
  const counted = values.quick ? missed.filter(({ what }) => what === TESTS_FAILED) : missed
  process.exitCode = counted.length === 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Runs the tests of an experiment one file after the other, so that none disturbs another. */
async function run({ id, title, tests }: Experiment): Promise<Figure[]> {
  console.log(`\n== ${id}: ${title}`)
  const file = join(folder, `${id}.jsonl`)
  const [load = 0] = loadavg()
  const began = performance.now()
  const code = await new Promise<number>((done, fail) => {
    const env = { ...process.env, FAULTS_REPORT: file, ...(!values.quick && { TEST_SIZE: 'full' }) }
    const words = [join(ROOT, 'tools/test.ts'), '--test-concurrency=1', ...tests]
    const child = spawn(process.execPath, words, { cwd: ROOT, env, stdio: 'inherit' })
    child.once('error', fail)
    child.once('exit', (status) => done(status ?? 1))
  })
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const figures = text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Figure)
  for (const figure of figures) console.log(rowOf(figure))
  console.log(`${id} took ${Math.round((performance.now() - began) / 1_000)} s`)
  return [
    ...figures,
    { experiment: id, fault: 'all of it', what: TESTS_FAILED, value: code === 0 ? 0 : 1, is: 0 },
    // What else the machine had to do: it is in every time.
    { experiment: id, fault: 'all of it', what: 'load of the machine before it began', value: load },
  ]
}

function machine(): string {
  return `a machine of ${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'})`
}
