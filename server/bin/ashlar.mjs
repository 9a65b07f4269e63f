#!/usr/bin/env node
// Starts the program on the runtime that the lockfile pins, whatever Node the machine has.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import module, { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const NEEDED_MAJOR = 24
// On a large machine Node sets aside so much for what is young that an idle process takes 80 MB more, and answers no faster.
const MEMORY = '--max-semi-space-size=16'
const here = dirname(fileURLToPath(import.meta.url))
// What was compiled once is kept beside the installed packages; where that is read-only, it is compiled at each start.
const compiled = join(here, '../../node_modules/.cache/ashlar')

if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR) {
  module.enableCompileCache(compiled)
  await import('../src/main.ts')
} else {
  const runtime = pinnedRuntime()
  if (!runtime) {
    console.error(
      `Ashlar needs Node ${NEEDED_MAJOR}; this is ${process.version}, and the lockfile has no runtime for ` +
        `${process.platform}-${process.arch}. Install Node ${NEEDED_MAJOR} and start again.`,
    )
    process.exit(1)
  }
  const child = spawn(runtime, [MEMORY, join(here, '../src/main.ts'), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? compiled },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)))
}

function pinnedRuntime() {
  try {
    const manifest = createRequire(import.meta.url).resolve(`node-${process.platform}-${process.arch}/package.json`)
    const binary = join(dirname(manifest), 'bin/node')
    return existsSync(binary) ? binary : undefined
  } catch {
    return undefined
  }
}
