// What kill -9 of the API leaves of uploads that were under way: nothing that is seen, and after the sweep no bytes and no charge.
import assert from 'node:assert/strict'
import { readdir, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { report } from '../../../../test/figures.ts'
import { startApp } from '../../../../test/harness.ts'
import { createClient, createFleet, type Fleet, FULL_SIZE, signInAsAdmin } from '../../../../test/processes.ts'
import { folder } from '../../../drivers/blobs/blobs.fixture.ts'

const KILLS = FULL_SIZE ? 50 : 5
const SIZE = 3_000_000

describe('kill -9 of the API under uploads', () => {
  let fleet: Fleet
  let dir: string
  before(async () => {
    dir = await folder()
    fleet = await createFleet({ env: { UPLOAD_DIR: dir } })
  })
  after(async () => {
    await fleet?.stop()
    if (dir) await rm(dir, { recursive: true, force: true })
  })

  const files = async () =>
    (await readdir(dir, { recursive: true, withFileTypes: true })).filter((one) => one.isFile()).length

  /** Sends an upload piece by piece; answers its status, or undefined when there was no answer. */
  function upload(url: string, token: string): Promise<number | undefined> {
    const { hostname, port } = new URL(url)
    return new Promise((resolve) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'multipart/form-data; boundary=x' }
      const sent = request({ hostname, port, path: '/api/v1/files/upload', method: 'POST', headers }, (answer) => {
        answer.resume()
        answer.on('end', () => resolve(answer.statusCode))
        answer.on('error', () => resolve(undefined))
      })
      sent.on('error', () => resolve(undefined))
      const write = async () => {
        sent.write('--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n')
        for (let at = 0; at < SIZE && !sent.destroyed; at += 50_000) {
          sent.write(`${Math.random()}`.padEnd(50_000, 'a'))
          await sleep(2)
        }
        sent.end('\r\n--x--\r\n')
      }
      void write()
    })
  }

  it(`FILE-2, E1: after ${KILLS} kills there are the acknowledged files, whole, and nothing else`, async (test) => {
    const client = createClient()
    let [acknowledged, unknown] = [0, 0]
    for (let kill = 0; kill < KILLS; kill++) {
      const node = await fleet.start()
      const { token } = await signInAsAdmin(client, node.url)
      const all = Array.from({ length: 6 }, async (_, at) => {
        await sleep(at * 60)
        return upload(node.url, token)
      })
      await sleep(250 + Math.random() * 250)
      node.kill('SIGKILL')
      await node.exited
      const statuses = await Promise.all(all)
      acknowledged += statuses.filter((status) => status === 201).length
      unknown += statuses.filter((status) => status === undefined).length
    }
    client.close()
    test.diagnostic(`${acknowledged} acknowledged, ${unknown} unknown, ${await files()} files before the sweep`)
    assert.ok(unknown > KILLS, 'too few uploads were under way')

    // The processes gave the application's role a password of their own.
    const { password } = new URL(fleet.database.appUrl)
    await fleet.rows(`ALTER ROLE "${fleet.database.rolePrefix}_app" PASSWORD '${decodeURIComponent(password)}'`)
    const app = await startApp({ database: fleet.database, env: { UPLOAD_DIR: dir } })
    await fleet.rows(`UPDATE blobs SET "touchedAt" = 'epoch' WHERE refs = 0`)
    await app.app.storage.sweep(0)
    await app.stop()
    const rows = await fleet.rows<{ size: string }>('SELECT size FROM files')
    const [blobs] = await fleet.rows<{ count: number; lost: number }>(
      `SELECT count(*)::int AS count, count(*) FILTER (WHERE refs = 0 OR state <> 'kept')::int AS lost FROM blobs`,
    )
    const strays = Math.abs((await files()) - rows.length) + Math.abs(blobs!.count - rows.length) + blobs!.lost
    report('E1', `API killed ${KILLS} times under uploads`, {
      'uploads acknowledged': [acknowledged],
      'uploads without an answer': [unknown],
      'acknowledged files that are not there': [Math.max(0, acknowledged - rows.length), { is: 0 }],
      'files cut short': [rows.filter(({ size }) => Number(size) !== SIZE).length, { is: 0 }],
      'bytes without a file, or files without bytes, after the sweep': [strays, { is: 0 }],
    })
    assert.ok(rows.length >= acknowledged && rows.length <= acknowledged + unknown, `${rows.length} files`)
    assert.ok(rows.every(({ size }) => Number(size) === SIZE))
    assert.deepEqual([blobs!.count, blobs!.lost, await files()], [rows.length, 0, rows.length])
    const usage = await fleet.rows<{ bytes: string }>('SELECT bytes FROM storage_usage')
    assert.ok(
      usage.every(({ bytes }) => Number(bytes) === rows.length * SIZE),
      JSON.stringify(usage),
    )
  })
})
