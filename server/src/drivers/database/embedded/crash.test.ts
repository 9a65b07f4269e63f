// What is left after a process dies at the worst moment: every acknowledged row, and one server on a directory.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  asRoot,
  assertKept,
  childrenOf,
  cleanUp,
  folder,
  query,
  start,
  startElsewhere,
  untilGone,
  writeUntilLost,
} from './embedded.fixture.ts'
import { startOf } from './processes.ts'

after(cleanUp)

const onLinux = { skip: process.platform !== 'linux' && 'looks into /proc' }

/** A PATH on which there is no setpriv, so that the server is tied to its parent by the watching shell. */
function pathWithoutSetpriv(): string {
  const bin = folder(0o755)
  for (const name of ['sh', 'unshare']) {
    const found = ['/usr/bin', '/bin'].map((place) => join(place, name)).find(existsSync)
    if (found) symlinkSync(found, join(bin, name))
  }
  return bin
}

describe('kill -9 of the embedded server', () => {
  it('DUR-1: loses no acknowledged row, and the server comes back under the same URL', async () => {
    const server = await start(folder())
    const killed = server.pid
    const acknowledged = await writeUntilLost(server.url, (count) => {
      if (count === 300) process.kill(killed, 'SIGKILL')
    })
    assert.ok(acknowledged >= 300)
    for (let tries = 0; server.pid === killed && tries < 500; tries++) await sleep(20)
    assert.notEqual(server.pid, killed)
    await assertKept(server.url, acknowledged)
    await server.stop()
    assert.equal(startOf(server.pid), undefined)
  })
})

describe('kill -9 of the process that started the server', () => {
  for (const [means, PATH] of [
    ['the kernel', process.env.PATH],
    ['the watching shell', pathWithoutSetpriv()],
  ] as const) {
    it(`DUR-1: ends the server by ${means}, and the next start finds every acknowledged row`, onLinux, async () => {
      const dataDir = folder()
      const starter = startElsewhere(dataDir, { PATH })
      const { url, pid } = await starter.ready
      assert.equal(childrenOf(starter.pid, 'read -r line').length, means === 'the kernel' ? 0 : 1)
      const acknowledged = await writeUntilLost(url, (count) => {
        if (count === 200) process.kill(starter.pid, 'SIGKILL')
      })
      await untilGone(pid)
      const next = await start(dataDir)
      assert.equal(next.adopted, false)
      await assertKept(next.url, acknowledged)
      await next.stop()
    })
  }

  it(
    'leaves a server that is adopted when nothing ended it, and that then ends with its new owner',
    onLinux,
    async () => {
      const dataDir = folder()
      const first = startElsewhere(dataDir, { PATH: pathWithoutSetpriv() })
      const { url, pid } = await first.ready
      await query(url, 'CREATE TABLE kept AS SELECT 1 AS n')
      for (const watcher of childrenOf(first.pid, 'read -r line')) process.kill(watcher, 'SIGKILL')
      process.kill(first.pid, 'SIGKILL')
      await untilGone(first.pid)

      const second = startElsewhere(dataDir)
      assert.deepEqual(await second.ready, { url, pid, adopted: true })
      await assertKept(url, 1)
      process.kill(second.pid, 'SIGKILL')
      await untilGone(pid)
      const third = await start(dataDir)
      assert.equal(third.adopted, false)
      await assertKept(third.url, 1)
      await third.stop()
    },
  )
})

describe('two processes on one data directory', () => {
  it('one gets the server, the other an error that names it, and its turn when the first is dead', async () => {
    const dataDir = folder()
    await (await start(dataDir)).stop()
    const starters = [startElsewhere(dataDir), startElsewhere(dataDir)]
    const outcomes = await Promise.allSettled(starters.map(({ ready }) => ready))
    const winners = starters.filter((_, index) => outcomes[index]?.status === 'fulfilled')
    // Two that start in the same instant may both step back; then neither runs, which is safe.
    assert.ok(winners.length <= 1)
    const [winner = startElsewhere(dataDir)] = winners
    const { pid } = await winner.ready
    await assert.rejects(start(dataDir), new RegExp(`in use by another Ashlar process \\(pid ${winner.pid}\\)`))
    assert.ok(startOf(pid), 'the refused process must not have ended the server')
    process.kill(winner.pid, 'SIGKILL')
    await untilGone(winner.pid)
    await (await start(dataDir)).stop()
  })
})

describe('a postmaster.pid that is left behind', () => {
  /** Leaves the pid file of a killed server, with another pid in it. */
  async function leave(dataDir: string, pid: number): Promise<void> {
    const starter = startElsewhere(dataDir)
    const server = await starter.ready
    await query(server.url, 'CREATE TABLE kept AS SELECT 1 AS n')
    const path = join(dataDir, 'pg/postmaster.pid')
    const [, ...rest] = readFileSync(path, 'utf8').split('\n')
    process.kill(starter.pid, 'SIGSTOP')
    process.kill(server.pid, 'SIGKILL')
    process.kill(starter.pid, 'SIGKILL')
    await untilGone(starter.pid)
    await untilGone(server.pid)
    writeFileSync(path, [pid, ...rest].join('\n'))
  }

  it('by a dead process does not keep the server from starting', async () => {
    const dataDir = folder()
    const dead = spawn('true')
    await new Promise((done) => dead.once('exit', done))
    await leave(dataDir, dead.pid ?? 0)
    const server = await start(dataDir)
    await assertKept(server.url, 1)
    await server.stop()
  })

  it('with a pid that another program has now leaves that program alone', async () => {
    const dataDir = folder()
    await (await start(dataDir)).stop()
    const owner = statSync(join(dataDir, 'pg'))
    const other = spawn('sleep', ['60'], asRoot ? { uid: owner.uid, gid: owner.gid } : {})
    try {
      await leave(dataDir, other.pid ?? 0)
      const server = await start(dataDir)
      assert.equal(server.adopted, false)
      await assertKept(server.url, 1)
      await server.stop()
      assert.equal(other.exitCode ?? other.signalCode, null)
    } finally {
      other.kill('SIGKILL')
    }
  })
})

describe('kill -9 during the first start', () => {
  it('never leaves a half-made database, whatever the moment', async () => {
    const dataDir = folder()
    for (const ms of [120, 250, 400, 550, 700, 850]) {
      const starter = startElsewhere(dataDir)
      await sleep(ms)
      process.kill(starter.pid, 'SIGKILL')
      await untilGone(starter.pid)
      const made = existsSync(join(dataDir, 'pg'))
      if (made) assert.ok(existsSync(join(dataDir, 'pg/ashlar.password')))
    }
    const server = await start(dataDir)
    assert.deepEqual(await query(server.url, 'SELECT 1 AS one'), [{ one: 1 }])
    await server.stop()
    assert.deepEqual(readdirSync(dataDir).sort(), ['pg', 'pg.log'])
  })

  it('leaves nothing of the making behind either, when it came after the database had its name', async () => {
    const dataDir = folder()
    await (await start(dataDir)).stop()
    mkdirSync(join(dataDir, 'pg.new-abcdef'))
    await (await start(dataDir)).stop()
    assert.deepEqual(readdirSync(dataDir).sort(), ['pg', 'pg.log'])
  })
})
