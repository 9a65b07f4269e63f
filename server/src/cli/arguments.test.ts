// How verbs are called: what they do not know is refused before anything is made or changed.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))

describe('a verb that is called wrongly', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ashlar-arguments-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  const run = (args: string[]) =>
    new Promise<{ code: number; out: string; err: string }>((done) => {
      const options = { env: { PATH: process.env.PATH, PORT: '0' }, cwd: folder, timeout: 20_000 }
      execFile(process.execPath, [MAIN, ...args], options, (error, out, err) =>
        done({ code: Number(error?.code ?? 0), out, err }),
      )
    })

  for (const args of ['serve --port 8172', 'serve --help', 'serve 8172', 'worker --help', 'worker up'])
    it(`\`ashlar ${args}\` starts nothing, and says what it takes`, async () => {
      const [verb = '', ...given] = args.split(' ')
      const { code, out, err } = await run([verb, ...given])
      assert.deepEqual([code, out], [1, ''])
      assert.match(err, new RegExp(`^ashlar ${verb}\nIt takes no arguments, and was given ${given.join(' ')}: .+ PORT`))
      assert.deepEqual(await readdir(folder), [])
    })

  it('`ashlar migrate` changes nothing, and says what it takes', async () => {
    const { code, out, err } = await run(['migrate'])
    assert.deepEqual(
      [code, out, err],
      [2, '', 'ashlar migrate up [--to N] | down --to N | status | check | new NAME\n'],
    )
    assert.deepEqual(await readdir(folder), [])
  })
})
