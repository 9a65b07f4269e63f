// A start of several processes that cannot work ends, as that of a single one does: whoever watches the service must be told.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { createFleet, type Fleet } from './processes.ts'

describe('a start of several processes', () => {
  let fleet: Fleet
  before(async () => {
    fleet = await createFleet({ env: { WEB_CONCURRENCY: '2' } })
  })
  after(() => fleet?.stop())

  /** What is said of a start that must not come about. */
  async function refusal(env: Record<string, string>): Promise<string> {
    const refused = await fleet.start(env).catch((error: Error) => error)
    assert.ok(refused instanceof Error, 'it listens')
    return refused.message
  }

  it('is refused once, before any of them, where the database will not do', async () => {
    const told = await refusal({ DATABASE_APP_URL: fleet.database.adminUrl })
    assert.match(told, /^The server ended with 1\. The application works as \w+, which row security does not bind/)
    assert.equal(told.match(/row security does not bind/g)?.length, 1)
    const left = await fleet.rows(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
    )
    assert.deepEqual(left, [])
  })

  it('is refused where a stop could not put up SHUTDOWN_FILE', async () => {
    for (const [SHUTDOWN_FILE, words] of [
      [
        '/nowhere/at/all/leaving',
        /The folder \/nowhere\/at\/all of SHUTDOWN_FILE does not exist\.\nSHUTDOWN_FILE: Make/,
      ],
      [`${import.meta.filename}/leaving`, /of SHUTDOWN_FILE is none\./],
      [import.meta.dirname, /SHUTDOWN_FILE \S+ is a folder\.\nSHUTDOWN_FILE: Name a file/],
    ] as const) {
      const told = await refusal({ SHUTDOWN_FILE })
      assert.match(told, words)
      assert.doesNotMatch(told, /^ +at /m)
    }
  })

  it('is given up when none comes to listen, with what stopped them', async () => {
    const holder = createServer().listen(0, '127.0.0.1')
    await once(holder, 'listening')
    try {
      const told = await refusal({ PORT: String((holder.address() as AddressInfo).port) })
      assert.match(told, /^The server ended with 1\. /)
      assert.match(
        told,
        /PORT \d+ on 127\.0\.0\.1 is taken: end the program that has it, or set PORT to another port\./,
      )
      assert.doesNotMatch(told, /^ +at /m)
      assert.match(
        told,
        /None of the 2 processes came to listen, the last one ended with exit code 1: this start is given up\./,
      )
    } finally {
      holder.close()
    }
  })
})
