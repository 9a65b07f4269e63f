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
import { officeAndOwnCalls } from './escalation/calls.office.ts'
import { tenantSideCalls } from './escalation/calls.tenants.ts'
import { type Caller, type Deed, judge } from './escalation/rules.ts'
import { holds, isInside, readState, roleOfLevel, type State } from './escalation/state.ts'
import { createWalk, type Tally, tallied } from './escalation/walk.ts'
import { makeWorld, type Person, signIn, type World } from './escalation/world.ts'
import { changedTables, fingerprinter } from './fingerprint.ts'
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
    const kinds = [...accessCalls, ...tenantSideCalls, ...officeAndOwnCalls]
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

  /** What the rules say of a change that goes past the API, as if somebody's call had brought it about. */
  async function judged(world: World, change: (state: State) => [string, unknown[]], deed: Partial<Deed> = {}) {
    const state = await readState(client)
    const [, tenantId = ''] = world.tenants
    const holdsLittle = ({ id }: Person) => isInside(state, tenantId, id) && !holds(state, tenantId, id).has('*')
    const userId = world.people.find(holdsLittle)!.id
    await client.query(...change(state))
    const caller: Caller = { kind: 'session', userId, tenantId }
    return judge(state, await readState(client), { kind: 'users.edit', needs: 'user', tenantId, caller, ...deed })
  }

  const wrongs: Record<string, [RegExp, (world: World, state: State) => [string, unknown[]], Partial<Deed>?]> = {
    'a role that its giver does not hold': [
      /gained \* in /,
      ({ tenants: [, id], people }, state) => {
        const plain = people.find((one) => isInside(state, id!, one.id) && !holds(state, id!, one.id).has('*'))!
        const row = [plain.id, roleOfLevel(state, id!, 'OWNER'), id]
        return ['INSERT INTO user_roles ("userId", "roleId", "tenantId") VALUES ($1, $2, $3)', row]
      },
    ],
    'a permission more in a role': [
      /the role viewer of \S+ came to grant \*/,
      ({ tenants: [, id] }) => [
        `INSERT INTO role_permissions ("roleId", "permissionId", "tenantId") SELECT r.id, p.id, $1
         FROM roles r, permissions p WHERE r.name = 'viewer' AND p.action = '*' AND r."tenantId" = $1 AND p."tenantId" = $1`,
        [id],
      ],
    ],
    'a level from below': [
      /became OWNER of /,
      ({ tenants: [, id] }) => [
        `UPDATE memberships SET level = 'OWNER' WHERE "tenantId" = $1 AND level = 'MEMBER'`,
        [id],
      ],
    ],
    'a password set from below': [
      /was changed from below/,
      ({ tenants: [, id] }) => [
        `UPDATE users SET password = 'x' WHERE id IN (SELECT "userId" FROM memberships WHERE "tenantId" = $1 AND level = 'OWNER')`,
        [id],
      ],
    ],
    'a change in another tenant': [
      /who may do what in \S+ changed by a call in /,
      ({ tenants: [, , id] }) => [`DELETE FROM user_roles WHERE "tenantId" = $1`, [id]],
    ],
    'the end of the last owner': [
      /lost its last owner/,
      ({ tenants: [, id] }) => [
        `UPDATE memberships SET level = 'MEMBER' WHERE "tenantId" = $1 AND level = 'OWNER'`,
        [id],
      ],
    ],
    'a credential that had ended': [
      /worked that had ended/,
      () => ['SELECT 1', []],
      { caller: { kind: 'nobody', userId: '', tenantId: 'default', ended: 'it was revoked' } },
    ],
    'a token that does what needs somebody in person': [
      /did what needs somebody in person|cannot be in/,
      () => ['SELECT 1', []],
      { needs: 'session', caller: { kind: 'token', userId: '', tenantId: 'default', scopes: ['*'] } },
    ],
  }

  for (const [title, [expected, change, deed]] of Object.entries(wrongs))
    it(`would notice ${title}`, async () => {
      const world = await makeWorld(ashlar, seeded(SEED))
      assert.deepEqual(await judged(world, () => ['SELECT 1', []]), [])
      const faults = await judged(world, (state) => change(world, state), deed)
      assert.ok(
        faults.some((fault) => expected.test(fault)),
        faults.join('\n'),
      )
    })

  it('would notice what the server lets a credential do beyond what is known, and what a refused call writes', async () => {
    const world = await makeWorld(ashlar, seeded(SEED))
    const walk = await createWalk(world, client, { kinds: accessCalls, tally: new Map() })
    const [, tenantId = ''] = world.tenants
    const [owner] = world.people
    const member = world.people.find(({ id, session }) => !session && isInside(walk.state(), tenantId, id))!
    assert.ok(await signIn(world, member))
    assert.deepEqual(await walk.compare(), [])
    const fingerprint = await fingerprinter(client)
    const before = await fingerprint()
    const { status } = await ashlar.call('PATCH', `/api/v1/users/${member.id}`, {
      token: (await signIn(world, owner!))!.secret,
      headers: { 'x-tenant-id': tenantId },
      json: { roleIds: [] },
    })
    assert.equal(status, 200)
    assert.ok(changedTables(before, await fingerprint()).includes('user_roles'))
    assert.match((await walk.compare()).join(), /the server says/)
  })
})
