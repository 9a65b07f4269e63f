// Verbs that only look, in a folder that is not the service's: they say so, and make nothing.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))

describe('where there is no database', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ashlar-nowhere-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  const run = (args: string[]) =>
    new Promise<{ code: number; out: string; err: string }>((done) => {
      execFile(process.execPath, [MAIN, ...args], { env: { PATH: process.env.PATH }, cwd: folder }, (error, out, err) =>
        done({ code: Number(error?.code ?? 0), out, err }),
      )
    })

  for (const verb of [
    'migrate status',
    'migrate check',
    'migrate down --to 1',
    'audit verify',
    'doctor --blobs',
    'worker',
  ])
    it(`\`ashlar ${verb}\` says so, fails and makes none`, async () => {
      const { code, out, err } = await run(verb.split(' '))
      assert.deepEqual([code, out], [1, ''])
      assert.match(
        err,
        /^There is no database here: DATABASE_URL is not set, and DATA_DIR \(.+data\) holds none\.\nIs this the folder/,
      )
      assert.deepEqual(await readdir(folder), [])
    })
})
