// The checks that are other programs: formatter and linter, compiler, and the programs that write files.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { root } from '../generated.ts'
import type { Check, Finding } from './workspace.ts'

/** Each writes its files, and with --check fails when they are not current. `when` names the file without which it is not there yet. */
const GENERATORS: { writes: string; command: string[]; when: string }[] = [
  { writes: 'docs/reference/api.md', command: ['tools/api-docs.ts'], when: 'tools/api-docs.ts' },
  { writes: 'docs/reference/configuration.md', command: ['tools/config-docs.ts'], when: 'tools/config-docs.ts' },
  { writes: 'docs/reference/events.md', command: ['tools/events-docs.ts'], when: 'tools/events-docs.ts' },
  { writes: 'docs/reference/metrics.md', command: ['tools/metrics-docs.ts'], when: 'tools/metrics-docs.ts' },
  { writes: 'docs/picture.svg', command: ['tools/picture.ts'], when: 'tools/picture.ts' },
  { writes: 'docs/guide/security.md', command: ['tools/security-docs.ts'], when: 'tools/security-docs.ts' },
  { writes: 'server/openapi.json', command: ['server/bin/ashlar.mjs', 'openapi'], when: 'server/src/cli/openapi.ts' },
]

export const format: Check = {
  name: 'format and lint',
  remedy: 'Run `npm run fix`; what stays is for you.',
  async run() {
    const args = ['ci', '--reporter=json', '--error-on-warnings', '--diagnostic-level=warn', '--max-diagnostics=200']
    const { code, output, errors } = await run('node_modules/@biomejs/biome/bin/biome', args)
    return code === 0 ? [] : (readBiome(output) ?? [{ path: 'biome', message: errors || output }])
  },
}

export const types: Check = {
  name: 'types',
  remedy: 'Read the compiler’s line; no `any`, no suppression without a reason.',
  async run() {
    const { code, output, errors } = await run('node_modules/typescript/bin/tsc', [
      '--noEmit',
      '--pretty',
      'false',
      '-p',
      '.',
    ])
    return code === 0 ? [] : (readCompiler(output) ?? [{ path: 'tsc', message: errors || output }])
  },
}

export const generated: Check = {
  name: 'generated files',
  remedy: `Write them again: ${GENERATORS.map(({ command }) => `node ${command.join(' ')}`).join('; ')}. Commit what changes.`,
  async run() {
    const present = GENERATORS.filter(({ when }) => existsSync(resolve(root, when)))
    const checked = present.map(async ({ writes, command: [script = '', ...args] }): Promise<Finding[]> => {
      const { code, output, errors } = await run(script, [...args, '--check'])
      return code === 0 ? [] : [{ path: writes, message: (errors || output).trim() || `ended with ${code}` }]
    })
    return (await Promise.all(checked)).flat()
  },
}

interface Diagnostics {
  diagnostics: { message: string; category: string; location: { path: string; start: { line: number } } }[]
}

/** One finding for each diagnostic in the linter's JSON, or undefined when it printed none. */
export function readBiome(output: string): Finding[] | undefined {
  try {
    const { diagnostics } = JSON.parse(output.slice(output.indexOf('{'), output.lastIndexOf('}') + 1)) as Diagnostics
    const findings = diagnostics.map(({ message, category, location: { path, start } }) =>
      category === 'format'
        ? { path, message: 'is not formatted' }
        : { path, line: start.line, message: `${message} (${category})` },
    )
    return findings.length > 0 ? findings : undefined
  } catch {
    return undefined
  }
}

/** One finding for each error of the compiler, or undefined when it printed none. */
export function readCompiler(output: string): Finding[] | undefined {
  const errors = [...output.matchAll(/^(\S.*?)\((\d+),\d+\): error (.*)$/gm)]
  const findings = errors.map(([, path = '', line, message = '']) => ({ path, line: Number(line), message }))
  return findings.length > 0 ? findings : undefined
}

interface Outcome {
  code: number | null
  output: string
  errors: string
}

/** Runs a script of Node at the repository's root. */
function run(script: string, args: string[]): Promise<Outcome> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [resolve(root, script), ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const printed = { output: '', errors: '' }
    child.stdout.on('data', (chunk: Buffer) => {
      printed.output += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      printed.errors += chunk.toString()
    })
    child.on('error', (error) => done({ code: null, output: '', errors: error.message }))
    child.on('close', (code) => done({ code, ...printed }))
  })
}
