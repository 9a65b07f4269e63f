// `npm test`: gives the tests a PostgreSQL and runs them with Node's own runner.
//
//   npm test                             everything
//   npm test -- users                    test files with "users" in their path
//   npm test -- --test-name-pattern=DUR  options of `node --test`, written with "="
//
// TEST_DATABASE_URL names a PostgreSQL server and a superuser to test against; without it an embedded one is started.
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { availableParallelism, constants } from 'node:os'
import { resolve } from 'node:path'
import { provideDatabase } from './test-database.ts'

const ROOT = resolve(import.meta.dirname, '..')
const PLACES = ['server/src/**/*.test.ts', 'server/test/**/*.test.ts', 'tools/**/*.test.ts']

const options = process.argv.slice(2).filter((argument) => argument.startsWith('-'))
const words = process.argv.slice(2).filter((argument) => !argument.startsWith('-'))
const files = globSync(PLACES, { cwd: ROOT })
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort()

if (files.length === 0) {
  console.error(`No test file has ${words.map((word) => `"${word}"`).join(' or ')} in its path.`)
  process.exit(1)
}
// Signals end the tests, never this process before it has stopped its server.
const interrupted = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupted.abort(name))

const database = await provideDatabase()
try {
  process.exitCode = await runTests(database.url)
} finally {
  await database.stop()
}

function runTests(url: string): Promise<number> {
  if (interrupted.signal.aborted) return Promise.resolve(exitCode(interrupted.signal.reason))
  const runner = ['--test', `--test-concurrency=${availableParallelism()}`, '--test-reporter=spec']
  const child = spawn(process.execPath, [...runner, ...options, ...files], {
    cwd: ROOT,
    env: { ...process.env, TEST_DATABASE_URL: url },
    stdio: 'inherit',
  })
  interrupted.signal.addEventListener('abort', () => child.kill(interrupted.signal.reason))
  return new Promise((done, fail) => {
    child.once('error', fail)
    child.once('exit', (code, signal) => {
      const ended = interrupted.signal.aborted ? interrupted.signal.reason : signal
      done(ended ? exitCode(ended) : (code ?? 1))
    })
  })
}

/** What a shell reports for a program that a signal ended. */
function exitCode(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal]
}
