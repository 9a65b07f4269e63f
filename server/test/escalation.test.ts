// No escalation, by random walk: people, tokens, impersonators and the back office make random calls, and nothing that they
// bring about gives anybody more than somebody could give.
//
// The invariant, for every call that succeeds, between the state before it and the state after it:
//
// 1. Whoever holds a permission in a tenant afterwards and held nothing that covers it before has it from a grantor: the
//    caller holds it in that tenant at that moment (a token: only what its scopes leave; an impersonator: in the one tenant
//    of the impersonation). Besides the caller, a tenant has these ways in, and no other: its founder gets everything; newcomers
//    get its default role, which was chosen by somebody who held what it grants; an OWNER passes on what comes with levels; an
//    invitation gives what its maker held when it was made and still holds when it is accepted. The same goes for what a role
//    grants, whether or not anybody has it.
// 2. A level comes from somebody of at least that level, and from ADMIN at least.
// 3. Who sets somebody's password, address or state administers the account at its home (decision 0004) and holds all that
//    the account holds there, its level included; a level is not passed on by a token of less than everything.
// 4. A call changes who may do what in one tenant, the one that it is about.
// 5. A credential works as long as its person can be in the tenant and nothing ended it: no token survives the membership of its
//    maker, and none ever yields what its maker lacks now.
// 6. A live tenant that had an owner who can sign in has one afterwards, if anybody is left in it. Only suspending an account at
//    its home, and blocking it by the back office, win over what it owns elsewhere: that always works and can be taken back.
//
// A refused call changes no row. After every batch the server is asked what everybody holds, and must say what the tables say.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import { accessCalls } from './escalation/calls.access.ts'
import { tenantSideCalls } from './escalation/calls.tenants.ts'
import { createWalk, type Tally, tallied } from './escalation/walk.ts'
import { makeWorld } from './escalation/world.ts'
import { startApp, type TestApp } from './harness.ts'
import { FULL_SIZE } from './processes.ts'
import { seeded } from './random.ts'

const CALLS = Number(process.env.CALLS ?? (FULL_SIZE ? 20_000 : 2_000))
const SEED = Number(process.env.SEED ?? (FULL_SIZE ? Date.now() % 1_000_000 : 1))
/** After so many calls a new world begins: in an old one nobody is left who may do anything. */
const WORLD = 500
const BATCH = 100

describe('RBAC-3, TOK-5: escalation', () => {
  let ashlar: TestApp
  let client: pg.Client
  before(async () => {
    ashlar = await startApp({
      env: { TENANT_INVITATIONS_PER_DAY: '100000', HASH_QUEUE: '1000', ARGON2_MEMORY_KIB: '64' },
    })
    client = new pg.Client({ connectionString: ashlar.database.adminUrl })
    await client.connect()
    await client.query('SET jit = off')
  })
  after(async () => {
    await client?.end()
    await ashlar?.stop()
  })

  const again = `Repeat with SEED=${SEED} CALLS=${CALLS} npm test -- escalation`

  it(`${CALLS} random calls by every kind of actor give nobody what no grantor held`, async (test) => {
    const random = seeded(SEED)
    const tally: Tally = new Map()
    const kinds = [...accessCalls, ...tenantSideCalls]
    const newWalk = async () => createWalk(await makeWorld(ashlar, random), client, { kinds, tally })
    // What never succeeded or was never refused is tried some more: a walk in which all is refused proves nothing.
    const missing = () => kinds.find(({ name }) => !(tally.get(name)?.done && tally.get(name)?.refused))
    const most = CALLS + (CALLS < 2_000 ? 0 : WORLD)
    let walk = await newWalk()
    for (let made = 1; made <= CALLS || (made <= most && missing()); made++) {
      await walk.step(`call ${made}, ${again}`, made > CALLS ? missing() : undefined)
      if (made % BATCH === 0) assert.deepEqual(await walk.compare(), [], `after call ${made}, ${again}`)
      if (made % WORLD === 0) walk = await newWalk()
    }
    for (const line of tallied(tally)) test.diagnostic(line)
    if (CALLS >= 2_000) assert.equal(missing(), undefined, again)
  })
})
