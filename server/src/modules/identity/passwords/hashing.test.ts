// How passwords are hashed, and that a flood of them is held back.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { hash as bcrypt } from '@node-rs/bcrypt'
import { createHashing } from './hashing.ts'

const PASSWORD = 'Gr4nite-Quarry!'
const small = { memoryKib: 1024, passes: 2, concurrency: 2, queue: 3 }

describe('PWD-2: hashes of passwords', () => {
  it('are Argon2id with the configured cost and a salt of their own, and fit one password only', async () => {
    const hashing = createHashing({ ...small, memoryKib: 19_456 })
    const [one, other] = await Promise.all([hashing.hash(PASSWORD), hashing.hash(PASSWORD)])
    assert.match(one!, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
    assert.notEqual(one, other)
    assert.deepEqual([await hashing.verify(PASSWORD, one), await hashing.verify(`${PASSWORD} `, one)], [true, false])
  })

  it('of another make are verified and called outdated: bcrypt, and Argon2id of another cost', async () => {
    const hashing = createHashing(small)
    const foreign = await bcrypt(PASSWORD, { cost: 4 })
    const cheaper = await createHashing({ ...small, passes: 1 }).hash(PASSWORD)
    for (const hash of [foreign, cheaper]) {
      assert.ok(await hashing.verify(PASSWORD, hash))
      assert.ok(!(await hashing.verify('another', hash)))
      assert.ok(hashing.isOutdated(hash))
    }
    assert.ok(!hashing.isOutdated(await hashing.hash(PASSWORD)))
  })

  it('are bcrypt where another back end checks the same accounts, and whole where bcrypt would cut them short', async () => {
    const hashing = createHashing({ ...small, shared: true })
    const one = await hashing.hash(PASSWORD)
    assert.match(one, /^\$2b\$12\$/)
    assert.deepEqual([await hashing.verify(PASSWORD, one), await hashing.verify(`${PASSWORD} `, one)], [true, false])
    assert.ok(!hashing.isOutdated(one))
    for (const hash of [await createHashing(small).hash(PASSWORD), await bcrypt(PASSWORD, { cost: 4 })]) {
      assert.ok(await hashing.verify(PASSWORD, hash))
      assert.ok(hashing.isOutdated(hash))
    }
    const long = await hashing.hash('granite '.repeat(10))
    assert.ok(!(await hashing.verify('granite '.repeat(9), long)))
    assert.ok(await hashing.verify('granite '.repeat(10), long))
    assert.ok(!(await hashing.verify(PASSWORD, undefined)))
  })

  it('that were never set, or that no account has, fit nothing', async () => {
    const hashing = createHashing(small)
    for (const hash of ['!', '', undefined]) assert.ok(!(await hashing.verify(PASSWORD, hash)))
  })

  it('wait for a free place, and past the queue are told to come back', async () => {
    const hashing = createHashing(small)
    const asked = await Promise.allSettled(Array.from({ length: 10 }, () => hashing.hash(PASSWORD)))
    const refused = asked.filter((outcome) => outcome.status === 'rejected')
    assert.equal(refused.length, 10 - small.concurrency - small.queue)
    for (const { reason } of refused) assert.deepEqual([reason.code, reason.retryAfter], ['server.unavailable', 1])
    assert.ok(await hashing.verify(PASSWORD, await hashing.hash(PASSWORD)), 'and afterwards all is as before')
  })
})
