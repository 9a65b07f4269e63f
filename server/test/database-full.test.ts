// E4: the volume of PostgreSQL's data is full. It is a real one, where the tests may mount it.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type EmbeddedServer, startEmbedded } from '../src/drivers/database/embedded/index.ts'
import { report } from './figures.ts'
import {
  type Client,
  createClient,
  createFleet,
  eventually,
  type Fleet,
  FULL_SIZE,
  type Reply,
  type ServerProcess,
  type Somebody,
  signInAsAdmin,
} from './processes.ts'

const VOLUME_MB = 320
const LEFT_BYTES = 4_000_000
/** Does not compress, so that it takes the room it says. */
const CONTENT_BYTES = 60_000
const FULL_MS = FULL_SIZE ? 20_000 : 3_000
const FREED_MS = 1_000

const dir = mkdtempSync(join(tmpdir(), 'ashlar-full-'))
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${VOLUME_MB}m,mode=0711`, 'tmpfs', dir]).status === 0

describe('a full volume of the database', { skip: mounted ? false : 'only the superuser mounts volumes' }, () => {
  const filler = join(dir, 'filler')
  let postgres: EmbeddedServer
  let fleet: Fleet
  let node: ServerProcess
  let client: Client
  let admin: Somebody

  before(async () => {
    chmodSync(dir, 0o711)
    const log = { info() {}, warn() {}, error() {} }
    postgres = await startEmbedded({ dataDir: join(dir, 'data'), log, settings: { max_wal_size: '64MB' } })
    fleet = await createFleet({ server: postgres.url })
    node = await fleet.start()
    client = createClient()
    admin = await signInAsAdmin(client, node.url)
  })
  after(async () => {
    client?.close()
    rmSync(filler, { force: true })
    await fleet?.stop()
    await postgres?.stop()
  })

  const acknowledged: string[] = []
  let written = 0
  async function write(): Promise<Reply> {
    const title = `document ${++written}`
    const content = randomBytes(CONTENT_BYTES / 2).toString('hex')
    const reply = await client.call('POST', `${node.url}/api/v1/documents`, {
      token: admin.token,
      json: { title, content },
    })
    if (reply.status === 201) acknowledged.push(title)
    return reply
  }
  const read = () => client.call('GET', `${node.url}/api/v1/documents?limit=5`, { token: admin.token })

  it('E4, AVL-2: writes are refused with 503 and a time, reads go on, nothing acknowledged is lost, and writing goes on once there is room', async (test) => {
    assert.equal((await write()).status, 201)
    // A fresh segment of the log is allocated whole: it is the tables that run out of room.
    await fleet.rows('SELECT pg_switch_wal()')
    await write()
    await fleet.rows('CHECKPOINT')
    const free = () => {
      const { bavail, bsize } = statfsSync(dir)
      return bavail * bsize
    }
    writeFileSync(filler, Buffer.alloc(free() - LEFT_BYTES))
    assert.ok(await eventually(async () => (await write()).status !== 201, 60_000), 'the volume was never full')

    const refused: Reply[] = []
    const reads: Reply[] = []
    for (const end = performance.now() + FULL_MS; performance.now() < end; await sleep(100)) {
      const reply = await write()
      if (reply.status !== 201) refused.push(reply)
      reads.push(await read())
    }
    rmSync(filler)
    const freed = performance.now()
    const isBack = await eventually(async () => (await write()).status === 201, 30_000, 10)
    const backMs = performance.now() - freed

    const rows = await fleet.rows<{ title: string; content: number; events: number }>(
      `SELECT d.title, (SELECT count(*)::int FROM events e WHERE e."aggregateId" = d.id) AS events FROM documents d`,
    )
    const there = new Map(rows.map((row) => [row.title, row]))
    const lost = acknowledged.filter((title) => !there.has(title))
    const half = rows.filter(({ events }) => events !== 1)
    const ghosts = rows.filter(({ title }) => !acknowledged.includes(title))
    const unseemly = refused.filter(
      ({ status, headers }) => !([503, 507].includes(status) && Number(headers['retry-after']) > 0),
    )
    const failedReads = reads.filter(({ status }) => status !== 200)
    test.diagnostic(
      `${acknowledged.length} written, ${refused.length} refused (${[...new Set(refused.map(({ status }) => status))]}), ${reads.length} reads; ` +
        `the first write ${backMs.toFixed(0)} ms after there was room`,
    )
    report('E4', `the volume of PostgreSQL's data full for ${FULL_MS / 1_000} s`, {
      'writes refused': [refused.length],
      'of those not 503 or 507 with Retry-After': [unseemly.length, { is: 0 }],
      reads: [reads.length],
      'reads that failed': [failedReads.length, { is: 0 }],
      'acknowledged writes lost, halved, or refused ones done': [lost.length + half.length + ghosts.length, { is: 0 }],
      'first write after there is room, ms': [backMs, { atMost: FREED_MS }],
    })
    assert.ok(refused.length > 0)
    assert.deepEqual(unseemly.map(({ status, text }) => `${status} ${text}`).slice(0, 3), [])
    assert.deepEqual(failedReads.map(({ status, text }) => `${status} ${text}`).slice(0, 3), [])
    assert.deepEqual({ lost, half, ghosts }, { lost: [], half: [], ghosts: [] })
    assert.ok(isBack, 'nothing could be written after there was room')
    process.kill(node.pid, 0)
    assert.deepEqual(
      node.lines.filter(({ level }) => level === 'fatal'),
      [],
    )
  })
})

after(() => {
  if (mounted) spawnSync('umount', [dir])
  rmSync(dir, { recursive: true, force: true })
})
