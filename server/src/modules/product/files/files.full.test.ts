// E4: uploads to a volume that has no room left. The volume is a real one, of 20 MB, where the tests may mount it.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { report } from '../../../../test/figures.ts'
import { type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'
import { folder as newDir } from '../../../drivers/blobs/blobs.fixture.ts'

const SIZE = 3_500_000
const dir = await newDir()
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=20m', 'tmpfs', dir]).status === 0

describe('a full volume', { skip: mounted ? false : 'only the superuser mounts volumes' }, () => {
  let ashlar: TestApp
  let person: Person
  before(async () => {
    ashlar = await startApp({ env: { UPLOAD_DIR: dir, DEFAULT_ROLE: 'manager' } })
    person = await ashlar.person()
  })
  after(() => ashlar?.stop())

  const upload = () => {
    const content = randomBytes(SIZE / 2).toString('hex')
    const multipart = { file: { bytes: Buffer.from(content), type: 'text/plain', name: `${unique('n')}.txt` } }
    return ashlar.call('POST', '/api/v1/files/upload', { token: person.token, multipart })
  }
  const onDisk = async () =>
    (await readdir(dir, { recursive: true, withFileTypes: true })).filter((one) => one.isFile()).length
  const used = async () =>
    (await ashlar.call('GET', '/api/v1/files/storage', { token: person.token })).body.used as number

  it('FILE-3, E4: 507 for what does not fit, nothing partial, reading goes on, and room is used again', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, upload))
    const kept = all.filter(({ status }) => status === 201)
    const refused = all.filter(({ status }) => status !== 201)
    report('E4', 'the volume of uploads full: 8 files of 3.5 MB on 20 MB', {
      'files refused': [refused.length, { atLeast: 3 }],
      'of those not 507': [refused.filter(({ status }) => status !== 507).length, { is: 0 }],
      'partial files': [Math.abs((await onDisk()) - kept.length), { is: 0 }],
      'bytes charged and not there': [Math.abs((await used()) - kept.length * SIZE), { is: 0 }],
    })
    assert.deepEqual([...new Set(refused.map(({ status, body }) => `${status} ${body.code}`))], ['507 storage.full'])
    // Where all of them arrive at one pace, the room ends for all of them.
    assert.ok(kept.length <= 5, `${kept.length} of 8 kept on 20 MB`)
    assert.equal(await onDisk(), kept.length, 'nothing partial')
    assert.equal(await used(), kept.length * SIZE, 'no room is charged for what was refused')
    const list = await ashlar.call('GET', '/api/v1/files?limit=100', { token: person.token })
    assert.equal(list.body.meta.total, kept.length)
    for (let next = await upload(); next.status === 201; next = await upload()) kept.push(next)
    assert.equal(kept.length, 5)
    const headers = { authorization: `Bearer ${person.token}` }
    const read = await fetch(`${ashlar.url}/api/v1/files/${kept[0]!.body.id}/content`, { headers })
    assert.equal((await read.arrayBuffer()).byteLength, SIZE)

    await ashlar.rows('DELETE FROM files WHERE id = $1', [kept[0]!.body.id])
    await ashlar.app.storage.sweep(0)
    assert.equal((await upload()).status, 201, 'room that is given back is used')
    assert.equal((await upload()).status, 507, 'and no more than that')
  })
})

after(async () => {
  if (mounted) spawnSync('umount', [dir])
  await rm(dir, { recursive: true, force: true })
})
