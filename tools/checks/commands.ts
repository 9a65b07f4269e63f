// The checks that are other programs: formatter and linter, compiler, and the programs that write files.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { root } from '../generated.ts'
import type { Check, Finding } from './workspace.ts'

/** Each writes its files, and with --check fails when they are not current. `when` names the file without which it is not there yet. */
const GENERATORS: { writes: string; command: string[]; when: string }[] = [
  { writes: 'docs/reference/configuration.md', command: ['tools/config-docs.ts'], when: 'tools/config-docs.ts' },
  { writes: 'server/openapi.json', command: ['server/bin/ashlar.mjs', 'openapi'], when: 'server/src/cli/openapi.ts' },
]

export const format: Check = {
  name: 'format and lint',
  remedy: 'Run `npm run fix`; what stays is for you.',
  run: () =>
    run(
      'biome',
      ['ci', '--colors=off', '--error-on-warnings', '--diagnostic-level=warn', '--max-diagnostics=20'],
      'node_modules/@biomejs/biome/bin/biome',
    ),
}

export const types: Check = {
  name: 'types',
  remedy: 'Read the compiler’s line; no `any`, no suppression without a reason.',
  run: () => run('tsc', ['--noEmit', '--pretty', 'false', '-p', '.'], 'node_modules/typescript/bin/tsc'),
}

export const generated: Check = {
  name: 'generated files',
  remedy: `Write them again: ${GENERATORS.map(({ command }) => `node ${command.join(' ')}`).join('; ')}. Commit what changes.`,
  async run() {
    const present = GENERATORS.filter(({ when }) => existsSync(resolve(root, when)))
    const findings = present.map(({ writes, command: [script = '', ...args] }) =>
      run(writes, [...args, '--check'], script),
    )
    return (await Promise.all(findings)).flat()
  },
}

/** Runs a script of Node; when it fails, what it printed is the finding. */
function run(name: string, args: string[], script: string): Promise<Finding[]> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [resolve(root, script), ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString()
      })
    }
    child.on('error', (error) => done([{ path: name, message: error.message }]))
    child.on('close', (code) =>
      done(code === 0 ? [] : [{ path: name, message: output.trim() || `ended with ${code}` }]),
    )
  })
}
