// The embedded server's life when nothing goes wrong, and what it refuses.
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import pg from 'pg'
import { claimDirectory } from './claim.ts'
import { asRoot, cleanUp, folder, NOBODY, query, start, startElsewhere, untilGone } from './embedded.fixture.ts'
import { findEmbedded } from './index.ts'
import { startOf } from './processes.ts'

after(cleanUp)

describe('an embedded PostgreSQL', () => {
  it('makes a durable UTF-8 database on its first start and keeps the data over the next ones', async () => {
    const dataDir = join(folder(), 'data')
    const first = await start(dataDir)
    const [facts] = await query<Record<string, string>>(
      first.url,
      `SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit,
         current_setting('data_checksums') AS checksums, current_setting('TimeZone') AS zone,
         current_setting('listen_addresses') AS listens, current_setting('unix_socket_directories') AS sockets,
         current_setting('password_encryption') AS passwords, pg_encoding_to_char(encoding) AS encoding,
         lower('Ä') AS lower, current_database() AS name
       FROM pg_database WHERE datname = current_database()`,
    )
    assert.deepEqual(facts, {
      fsync: 'on',
      commit: 'on',
      checksums: 'on',
      zone: 'UTC',
      listens: '127.0.0.1',
      sockets: '',
      passwords: 'scram-sha-256',
      encoding: 'UTF8',
      lower: 'ä',
      name: 'ashlar',
    })
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS n')
    await first.stop()

    const second = await start(dataDir)
    assert.deepEqual(await query(second.url, 'SELECT n FROM kept'), [{ n: 42 }])
    assert.equal(second.adopted, false)
    await second.stop()
  })

  it('lets nobody in without its password, which only the owner of the files can read', async () => {
    const dataDir = folder()
    const server = await start(dataDir)
    const url = new URL(server.url)
    assert.equal(url.hostname, '127.0.0.1')
    assert.ok(url.password.length >= 32)
    for (const password of ['', 'wrong']) {
      url.password = password
      const client = new pg.Client({ connectionString: url.href })
      await assert.rejects(client.connect(), /password/)
    }
    assert.equal(statSync(join(dataDir, 'pg')).mode & 0o777, 0o700)
    assert.equal(statSync(join(dataDir, 'pg/ashlar.password')).mode & 0o777, 0o600)
    assert.equal(statSync(join(dataDir, 'pg.log')).mode & 0o777, 0o600)
    await server.stop()
    assert.ok(!readFileSync(join(dataDir, 'pg.log'), 'utf8').includes(new URL(server.url).password))
  })

  it('ends on stop, may be stopped twice, and leaves neither process nor claim nor draft', async () => {
    const dataDir = folder()
    const server = await start(dataDir)
    await Promise.all([server.stop(), server.stop()])
    assert.equal(startOf(server.pid), undefined)
    assert.deepEqual(readdirSync(dataDir).sort(), ['pg', 'pg.log'])
  })

  it('is found by a command beside it while it runs, and only then', async () => {
    const dataDir = folder()
    assert.equal(findEmbedded(dataDir), undefined)
    const server = await start(dataDir)
    assert.deepEqual(findEmbedded(dataDir), { url: server.url, pid: server.pid })
    await server.stop()
    assert.equal(findEmbedded(dataDir), undefined)
  })

  it('refuses data of another major version and says what to do', async () => {
    const dataDir = folder()
    await (await start(dataDir)).stop()
    writeFileSync(join(dataDir, 'pg/PG_VERSION'), '99\n')
    await assert.rejects(start(dataDir), /Set DATABASE_URL .* install PostgreSQL 99 .* made by version 99/s)
    assert.deepEqual(readdirSync(dataDir).sort(), ['pg', 'pg.log'])
  })

  it('refuses a folder that is not its own database, and touches nothing in it', async () => {
    const dataDir = folder()
    mkdirSync(join(dataDir, 'pg'))
    writeFileSync(join(dataDir, 'pg/letter.txt'), 'dear')
    await assert.rejects(start(dataDir), /cannot be used as the embedded database/)
    assert.deepEqual(readdirSync(join(dataDir, 'pg')), ['letter.txt'])
  })

  it('works for an ordinary user', { skip: !asRoot && 'this run is one already' }, async () => {
    const dataDir = join(folder(0o777), 'data')
    const starter = startElsewhere(dataDir, NOBODY)
    const { url } = await starter.ready
    assert.deepEqual(await query(url, 'SELECT 1 AS one'), [{ one: 1 }])
    assert.equal(statSync(join(dataDir, 'pg')).uid, NOBODY.uid)
    starter.process.kill('SIGKILL')
    await untilGone((await starter.ready).pid)
  })

  it('runs as another user when root starts it', { skip: !asRoot && 'needs root' }, async () => {
    const dataDir = folder()
    const server = await start(dataDir)
    const owner = statSync(join(dataDir, 'pg')).uid
    assert.notEqual(owner, 0)
    assert.equal(statSync(`/proc/${server.pid}`).uid, owner)
    await server.stop()
  })

  it('works for root in a folder that is closed to everybody else', { skip: !asRoot && 'needs root' }, async () => {
    const dataDir = join(folder(0o700), 'data')
    const starter = startElsewhere(dataDir)
    const { url, pid } = await starter.ready
    await query(url, 'CREATE TABLE kept AS SELECT 42 AS n')
    assert.equal(statSync(join(dataDir, 'pg')).uid, 0)
    starter.process.kill('SIGKILL')
    await untilGone(pid)
    const again = await start(dataDir)
    assert.deepEqual(await query(again.url, 'SELECT n FROM kept'), [{ n: 42 }])
    await again.stop()
  })
})

describe('library links', () => {
  it('are made in the data directory when the package is read-only', { skip: !asRoot && 'needs root' }, async () => {
    const root = folder()
    mkdirSync(join(root, 'native/lib'), { recursive: true })
    const links = [{ source: 'native/lib/libx.so.1.2', target: 'native/lib/libx.so.1' }]
    writeFileSync(join(root, 'native/pg-symlinks.json'), JSON.stringify(links))
    const dataDir = folder(0o777)
    const { libraryPath } = await import('./binaries.ts')
    const native = join(root, 'native')
    process.seteuid?.(NOBODY.uid)
    const env = [libraryPath(native, dataDir), libraryPath(native, dataDir)]
    process.seteuid?.(0)
    assert.deepEqual(env[0], env[1])
    assert.match(Object.values(env[0] ?? {}).join(), /pg\.lib:.*native\/lib$/)
    assert.equal(readlinkSync(join(dataDir, 'pg.lib/libx.so.1')), join(root, 'native/lib/libx.so.1.2'))
    assert.deepEqual(readdirSync(join(root, 'native/lib')), [])

    assert.deepEqual(libraryPath(native, dataDir), {})
    assert.equal(readlinkSync(join(root, 'native/lib/libx.so.1')), 'libx.so.1.2')
  })
})

describe('a claim on a data directory', () => {
  it('is refused while one lives, also in the same process, and granted after its release', async () => {
    const dataDir = folder()
    const claim = await claimDirectory(dataDir)
    await assert.rejects(claimDirectory(dataDir), new RegExp(`pid ${process.pid}`))
    claim.release()
    ;(await claimDirectory(dataDir)).release()
    assert.deepEqual(readdirSync(dataDir), [])
  })

  it('of another container lives as long as it is touched', async () => {
    const dataDir = folder()
    const foreign = join(dataDir, 'pg.claim-other.1-7-12345')
    writeFileSync(foreign, '')
    const heart = setInterval(() => utimesSync(foreign, new Date(), new Date()), 50)
    await assert.rejects(claimDirectory(dataDir), /pid 7 of another machine or container/)
    clearInterval(heart)
    const almostSilent = new Date(Date.now() - 14_500)
    utimesSync(foreign, almostSilent, almostSilent)
    ;(await claimDirectory(dataDir)).release()
    assert.deepEqual(readdirSync(dataDir), [])
  })
})
