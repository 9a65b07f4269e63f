// A PgBouncer of a test's own, where the machine has the program.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './nginx.ts'

const PROGRAM = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer'].find(existsSync)

/** Why tests with PgBouncer cannot run here; undefined when they can. */
export const pgBouncerMissing = PROGRAM ? undefined : 'pgbouncer is not installed'

/** PgBouncer as another user than root, on a free port, in transaction mode, with so many server connections. */
export async function startPgBouncer(
  target: string,
  poolSize: number,
): Promise<{ url: string; stop(): Promise<void> }> {
  const to = new URL(target)
  const folder = mkdtempSync(join(tmpdir(), 'ashlar-pgbouncer-'))
  const port = await freePort()
  const name = to.pathname.slice(1)
  writeFileSync(join(folder, 'users.txt'), `"${to.username}" "${decodeURIComponent(to.password)}"\n`)
  writeFileSync(
    join(folder, 'pgbouncer.ini'),
    `[databases]
${name} = host=${to.hostname} port=${to.port} dbname=${name}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${join(folder, 'users.txt')}
pool_mode = transaction
default_pool_size = ${poolSize}
`,
  )
  const identity = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  if (identity.uid)
    for (const path of [folder, join(folder, 'users.txt'), join(folder, 'pgbouncer.ini')])
      chownSync(path, identity.uid, identity.gid)
  chmodSync(folder, 0o700)
  const child = spawn(PROGRAM!, [join(folder, 'pgbouncer.ini')], {
    ...identity,
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let words = ''
  child.stderr.on('data', (text) => {
    words += text
  })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  const url = new URL(target)
  url.port = String(port)
  for (let attempt = 0; ; attempt++) {
    try {
      // Nobody signs in yet: PgBouncer would keep that connection of the server, with the settings that the role has now.
      const socket = connect(port, '127.0.0.1')
      await once(socket, 'connect')
      socket.destroy()
      break
    } catch (error) {
      if (attempt === 100 || child.exitCode !== null)
        throw new Error(`PgBouncer does not answer. ${words}`, { cause: error })
      await sleep(50)
    }
  }
  return {
    url: url.href,
    async stop() {
      child.kill('SIGTERM')
      await exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
