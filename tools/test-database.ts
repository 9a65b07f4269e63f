// A PostgreSQL for tests: the one that TEST_DATABASE_URL names, else an embedded one in a folder of its own.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbedded } from '../server/src/drivers/database/embedded/index.ts'

// A test database may be lost with the machine, so nothing is flushed. The tests of durability start servers of their own.
const FAST = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' }

export async function provideDatabase(): Promise<{ url: string; stop(): Promise<void> }> {
  const given = process.env.TEST_DATABASE_URL
  if (given) {
    console.log(`Testing against the PostgreSQL at ${new URL(given).host} (TEST_DATABASE_URL).`)
    return { url: given, stop: async () => {} }
  }
  const folder = mkdtempSync(join(tmpdir(), 'ashlar-test-'))
  chmodSync(folder, 0o711)
  const complain = (facts: object, message: string) => console.error(`${message} ${JSON.stringify(facts)}`)
  const log = { info() {}, warn: complain, error: complain }
  try {
    const server = await startEmbedded({ dataDir: folder, log, settings: FAST })
    console.log(`Testing against an embedded PostgreSQL at ${new URL(server.url).host}.`)
    return {
      url: server.url,
      async stop() {
        await server.stop()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}
