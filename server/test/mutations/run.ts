// `npm run test:mutations`: breaks the isolation of tenants in every way that mutants.ts knows, one at a time, and counts how
// often `ashlar verify isolation` notices.
//
//   npm run test:mutations                    all of them
//   npm run test:mutations -- --sample 5      five, spread over all kinds
//   npm run test:mutations -- --only invite,feed  those with one of the words in their name
//   npm run test:mutations -- --write         all, and writes docs/reference/isolation.md
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Proof } from '../../src/cli/isolation/index.ts'
import { type Mutant, mutantsOf } from './mutants.ts'
import { pageOf } from './page.ts'
import { SURVIVORS } from './survivors.ts'

export interface Outcome extends Pick<Mutant, 'kind' | 'name'> {
  /** How the proof noticed; undefined when it did not. */
  noticed: string | undefined
}

const ROOT = resolve(import.meta.dirname, '../../..')
const LONGEST_MS = 600_000
// What the proof says when its own tenants cannot be made, because somebody is not who they are or sees what they must not.
const REFUSALS = /^(The proof cannot be prepared|A new account|The rows of a tenant)/

const { values } = parseArgs({
  options: {
    sample: { type: 'string' },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
})

const work = mkdtempSync(join(tmpdir(), 'ashlar-mutants-'))
// What is broken and what it is compared with are copies of one moment.
const original = copied(ROOT, 'unbroken')
const all = mutantsOf(join(original, 'server'))
const chosen = choose(all)
try {
  const unbroken = await proveIn(original)
  if (unbroken.noticed !== undefined) throw new Error(`The proof fails without any mutant: ${unbroken.noticed}`)
  const waiting = [...chosen]
  const outcomes: Outcome[] = []
  const lanes = Array.from({ length: availableParallelism() }, (_, lane) => copied(original, `lane${lane}`))
  await Promise.all(
    lanes.map(async (folder) => {
      for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
        const outcome = await tryMutant(folder, mutant)
        outcomes.push(outcome)
        console.log(
          `${outcome.noticed === undefined ? 'SURVIVED' : 'noticed '}  ${mutant.name}${outcome.noticed ? `: ${outcome.noticed}` : ''}`,
        )
      }
    }),
  )
  report(outcomes, unbroken.proof!)
} finally {
  rmSync(work, { recursive: true, force: true })
}

function choose(mutants: Mutant[]): Mutant[] {
  const words = values.only?.split(',')
  if (words) return mutants.filter(({ name }) => words.some((word) => name.includes(word)))
  if (values.sample === undefined) return mutants
  const count = Number(values.sample)
  if (!Number.isInteger(count) || count < 1) throw new Error('--sample takes a number from 1.')
  const killable = mutants.filter(({ name }) => !(name in SURVIVORS))
  return Array.from({ length: count }, (_, at) => killable[Math.floor(((at + 0.5) * killable.length) / count)]!)
}

function copied(from: string, name: string): string {
  const folder = join(work, name)
  for (const part of ['server/src', 'server/bin', 'server/migrations', 'server/package.json', 'package.json'])
    cpSync(join(from, part), join(folder, part), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

async function tryMutant(folder: string, { kind, name, file, text }: Mutant): Promise<Outcome> {
  const path = join(folder, 'server', file)
  const original = readFileSync(path, 'utf8')
  writeFileSync(path, text)
  try {
    const { noticed } = await proveIn(folder)
    return { kind, name, noticed }
  } finally {
    writeFileSync(path, original)
  }
}

/** Runs the proof of the sources in the folder on a server of its own. */
async function proveIn(folder: string): Promise<{ noticed: string | undefined; proof?: Proof }> {
  const child = spawn(process.execPath, ['server/bin/ashlar.mjs', 'verify', 'isolation', '--json'], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', NODE_DISABLE_COMPILE_CACHE: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LONGEST_MS,
    killSignal: 'SIGINT',
  })
  let output = ''
  let complaint = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stderr.on('data', (chunk) => {
    complaint += chunk
  })
  const code = await new Promise<number | null>((done) => child.on('close', done))
  if (!output.startsWith('{')) {
    // A program that does not even start proves nothing about what is missing in it.
    if (!REFUSALS.test(complaint))
      throw new Error(`The proof did not run in ${folder} (exit code ${code}): ${complaint}`)
    return { noticed: complaint.trim().slice(0, 160) }
  }
  const proof = JSON.parse(output) as Proof
  return { noticed: proof.holds ? undefined : howNoticed(proof), proof }
}

function howNoticed({ findings, changedTables = [], coverage }: Proof): string {
  const [first] = findings
  return [
    first && `${findings.length} findings, the first one at ${first.places.join(', ')} (${first.what})`,
    changedTables.length > 0 && `rows changed in ${changedTables.join(', ')}`,
    coverage.gaps.length > 0 && `${coverage.gaps.length} gaps`,
  ]
    .filter(Boolean)
    .join('; ')
}

function report(outcomes: Outcome[], proof: Proof): void {
  const survivors = outcomes.filter(({ noticed }) => noticed === undefined)
  const unexplained = survivors.filter(({ name }) => !(name in SURVIVORS))
  const counted = outcomes.filter(({ name, noticed }) => noticed !== undefined || !(name in SURVIVORS))
  const share = ((counted.length - unexplained.length) / counted.length) * 100
  console.log(
    `${outcomes.length} mutants, ${outcomes.length - survivors.length} noticed, ${survivors.length - unexplained.length} survive with a reason, ${unexplained.length} without: ${share.toFixed(1)} %`,
  )
  const isWhole = outcomes.length === all.length
  const stale = isWhole ? Object.keys(SURVIVORS).filter((name) => !survivors.some((one) => one.name === name)) : []
  for (const name of stale) console.log(`No survivor any more: ${name}`)
  if (values.write && isWhole) writeFileSync(join(ROOT, 'docs/reference/isolation.md'), pageOf(outcomes, proof))
  if (unexplained.length || stale.length) process.exitCode = 1
}
