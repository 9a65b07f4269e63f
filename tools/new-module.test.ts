// `npm run new:module` in a copy of the repository: what it makes passes the checks and its own test without an edit.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { boundaries } from './checks/boundaries.ts'
import { budgets } from './checks/budgets.ts'
import { comments } from './checks/comments.ts'
import { sqlPlaces } from './checks/sql.ts'
import { workspaceAt } from './checks/workspace.ts'
import { root } from './generated.ts'
import { named, nounOf } from './new-module/names.ts'

const LEFT_OUT = ['node_modules', '.git', 'data', 'tmp']
let copy: string
before(() => {
  copy = mkdtempSync(join(tmpdir(), 'ashlar-module-'))
  cpSync(root, copy, { recursive: true, filter: (path) => path === root || !LEFT_OUT.includes(basename(path)) })
  for (const folder of ['node_modules', 'server/node_modules'])
    if (existsSync(join(root, folder))) symlinkSync(join(root, folder), join(copy, folder))
})
after(() => rmSync(copy, { recursive: true, force: true }))

function node(...args: string[]): { status: number | null; output: string } {
  // A run inside a run of tests would report to it and not here.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8', env })
  return { status, output: stdout + stderr }
}
const passes = (...args: string[]) => {
  const { status, output } = node(...args)
  assert.equal(status, 0, output)
  return output
}
const read = (path: string) => readFileSync(join(copy, path), 'utf8')
const MODULES = ['widgets', 'allowances']

describe('npm run new:module', () => {
  before(() => {
    for (const name of MODULES) assert.match(passes('tools/new-module.ts', name), new RegExp(`npm test -- ${name}`))
    passes('server/bin/ashlar.mjs', 'openapi')
  })

  it('makes modules that compile and are formatted', () => {
    passes('node_modules/typescript/bin/tsc', '--noEmit', '-p', '.')
    const folders = MODULES.map((name) => `server/src/modules/product/${name}`)
    passes(
      ...['node_modules/@biomejs/biome/bin/biome', 'ci', '--vcs-enabled=false', '--error-on-warnings'],
      ...[...folders, 'server/src/app/product.ts', 'server/src/modules/identity/roles/catalogue.ts'],
    )
  })

  it('keeps the layers and the budgets, app included', async () => {
    const workspace = workspaceAt(copy)
    const findings = await Promise.all([boundaries, budgets, comments, sqlPlaces].map((check) => check.run(workspace)))
    const own = findings
      .flat()
      .filter(({ path, warning }) => !warning && /src\/app|product\/(?:widgets|allowances)/.test(path))
    assert.deepEqual(own, [])
  })

  it('puts its routes into openapi.json with their permissions, and its errors into the reference', () => {
    const { paths } = JSON.parse(read('server/openapi.json'))
    for (const name of MODULES) {
      const [path] = Object.keys(paths).filter((one) => one.endsWith(`/${name}/{id}`))
      assert.ok(path, name)
      assert.equal(paths[path].patch['x-permission'], `${name}:edit`)
      assert.match(read('docs/reference/errors.md'), new RegExp(`\`${name}\\.not_found\` \\| 404`))
    }
  })

  it('its own tests pass, and the database is what it declares', () => {
    const tests = MODULES.map((name) => `server/src/modules/product/${name}/${name}.test.ts`)
    const output = passes('--test', '--test-reporter=tap', ...tests, 'server/src/drivers/database/schema-check.test.ts')
    assert.match(output, /^# fail 0$/m)
    assert.match(output, /TEN-1: for another tenant a widget is not there/)
    assert.match(output, /TEN-1: for another tenant an allowance is not there/)
  })

  it('refuses bad and taken names with a sentence, and writes nothing', () => {
    const files = () => [
      ...readdirSync(join(copy, 'server/migrations')),
      ...readdirSync(join(copy, 'server/src/modules/product')),
      read('server/src/app/product.ts'),
    ]
    const before = files()
    for (const [name, sentence] of [
      ['', /Name the module/],
      ['Widgets', /lower-case letters/],
      ['two-words', /lower-case letters/],
      ['../escapes', /lower-case letters/],
      ['widget', /plural noun/],
      ['pages', /Page means something else/],
      ['widgets', /there already/],
      ['users', /there already/],
      ['throttles', /a table "throttles" already/],
      ['routes', /means something else/],
      ['actors', /already|means something else/],
      ['limits', /a meaning in server\/src\/app /],
    ] as const) {
      const { status, output } = node('tools/new-module.ts', name)
      assert.equal(status, 1, name)
      assert.match(output, sentence)
      assert.equal(output.trim().split('\n').length, 1, 'a sentence and no stack')
    }
    assert.deepEqual(files(), before)
  })
})

describe('nouns', () => {
  it('have a singular, and the article that goes with it', () => {
    for (const [plural, singular] of Object.entries({
      categories: 'category',
      boxes: 'box',
      houses: 'house',
      days: 'day',
    }))
      assert.deepEqual(nounOf(plural), { plural, singular })
    assert.equal(named('A widget, a widget: Widgets', nounOf('orders')), 'An order, an order: Orders')
  })
})
