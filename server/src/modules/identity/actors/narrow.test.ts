// What a personal access token leaves of its owner's permissions: never more than either side.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seeded } from '../../../../test/random.ts'
import { grantFor } from '../../../core/permission.ts'
import { narrow } from './index.ts'

const RESOURCES = ['users', 'roles', 'files']
const VERBS = ['view', 'edit']
/** What a route or a grant can ask for, wildcards too: who holds a wildcard may pass it on. */
const ASKED = [
  '*',
  '*:*',
  ...[...RESOURCES, '*'].flatMap((resource) => [...VERBS, '*'].map((verb) => `${resource}:${verb}`)),
]
/** Rows that another back end wrote need not have our shape. */
const FOREIGN = ['users', 'users:', ':view', 'users:view:own', 'users:*:own', '*:view:own', '*:*:*', 'Users:view', '']

describe('narrow', () => {
  const cases: [string[], string[], string[]][] = [
    [['*'], ['users:view'], ['users:view']],
    [['users:view'], ['*'], ['users:view']],
    [['users:*'], ['*:view'], ['users:view']],
    [['*:view'], ['users:*'], ['users:view']],
    [['users:*'], ['users:*'], ['users:*']],
    [['users:*', 'roles:view'], ['users:view', 'roles:edit'], ['users:view']],
    [['users:view'], ['roles:view'], []],
    [['users:view'], [], []],
    [[], ['*'], []],
    [['users:view:own'], ['users:*'], []],
    [['users:*'], ['users:view:own'], []],
    [['users:*:own'], ['*:view'], []],
    [['users'], ['users:*'], []],
    [['users:view:own'], ['*'], ['users:view:own']],
  ]
  for (const [held, scopes, left] of cases) {
    it(`leaves [${left}] of [${held}] under [${scopes}]`, () => {
      assert.deepEqual(narrow(held, scopes), left)
      assert.deepEqual(narrow(scopes, held), left, 'the two sides are alike')
    })
  }

  it('RBAC-2: in 20,000 random cases it grants what both sides grant, and nothing beyond', () => {
    const random = seeded(6_021)
    const one = () => (random.below(5) === 0 ? random.of(FOREIGN) : random.of(ASKED))
    let granted = 0
    for (let n = 0; n < 20_000; n++) {
      const [held, scopes] = [random.some(4, one), random.some(4, one)]
      const left = narrow(held, scopes)
      for (const asked of [...ASKED, ...FOREIGN]) {
        const both = grantFor(held, asked) !== undefined && grantFor(scopes, asked) !== undefined
        const verdict = grantFor(left, asked) !== undefined
        assert.equal(verdict, both, `"${asked}" of [${held}] under [${scopes}], which leaves [${left}]`)
        if (verdict) granted++
      }
    }
    assert.ok(granted > 10_000, `${granted} grants are too few to prove anything`)
  })
})
