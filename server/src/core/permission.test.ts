// Which granted permission covers which asked one: against a reference that works by another way.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seeded } from '../../test/random.ts'
import { covers, grantFor, isPermission } from './permission.ts'

/** The rule as a pattern: a whole segment `*` stands for any segment, all else for itself. */
function reference(granted: string, asked: string): boolean {
  if (granted === asked || granted === '*' || granted === '*:*') return true
  const segments = granted.split(':')
  if (segments.length !== 2) return false
  const literal = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  return new RegExp(`^${segments.map((one) => (one === '*' ? '[^:]*' : literal(one))).join(':')}$`).test(asked)
}

const SEGMENTS = ['users', 'Users', 'usersX', 'user', 'view', 'View', 'read', 'all', '*', '**', 'us*', '.*', '', 'a|b']

describe('covers', () => {
  const cases: [string, string, boolean][] = [
    ['*', 'users:view', true],
    ['*:*', 'users:view', true],
    ['*', '*:*', true],
    ['*:*', '*', true],
    ['users:*', 'users:view', true],
    ['*:view', 'users:view', true],
    ['users:view', 'users:view', true],
    ['users:*', 'users:*', true],
    ['users:*', 'users', false],
    ['users:*', 'usersX:read', false],
    ['users:*', 'users:read:all', false],
    ['users:*', 'Users:view', false],
    ['users:view', 'users:View', false],
    ['user*:view', 'users:view', false],
    ['users:v*', 'users:view', false],
    ['users', 'users:view', false],
    ['users:view', 'users:*', false],
    ['users:view', '*', false],
    ['users:*', '*', false],
    ['*:view', '*', false],
    ['users:*', '*:view', false],
    ['users:view:*', 'users:view', false],
    ['', 'users:view', false],
    ['.*:.*', 'users:view', false],
  ]
  for (const [granted, asked, expected] of cases) {
    it(`RBAC-2: "${granted}" ${expected ? 'covers' : 'does not cover'} "${asked}"`, () => {
      assert.equal(covers(granted, asked), expected)
      assert.equal(grantFor([granted], asked), expected ? granted : undefined)
      assert.equal(reference(granted, asked), expected, 'the reference says otherwise')
    })
  }

  it('RBAC-2: 100,000 random pairs are decided as the reference decides them', () => {
    const random = seeded(20_261)
    const any = () => Array.from({ length: 1 + random.of([0, 1, 1, 1, 1, 2, 3]) }, () => random.of(SEGMENTS)).join(':')
    /** The granted one with some segments turned into words, so that many pairs are near each other. */
    const near = (granted: string) =>
      granted
        .split(':')
        .map((one) => (random.below(3) ? one : random.of(SEGMENTS)))
        .join(':')
    let covered = 0
    for (let n = 0; n < 100_000; n++) {
      const granted = any()
      const asked = n % 2 ? any() : near(granted)
      const expected = reference(granted, asked)
      if (expected) covered++
      assert.equal(covers(granted, asked), expected, `"${granted}" and "${asked}"`)
    }
    assert.ok(covered > 5_000 && covered < 95_000, `both verdicts must occur often, allowed were ${covered}`)
  })

  it('RBAC-2: inputs of 1 kB take less than a millisecond each', () => {
    const hostile = [
      'a:*'.padEnd(1024, ':*'),
      '*'.repeat(1024),
      ':'.repeat(1024),
      `${'a'.repeat(512)}:${'b'.repeat(511)}`,
      `${'a'.repeat(512)}:${'b'.repeat(510)}c`,
      '(a+)+:'.repeat(170),
    ]
    const start = performance.now()
    let asked = 0
    for (let round = 0; round < 100; round++)
      for (const one of hostile)
        for (const other of hostile) {
          assert.equal(covers(one, other), one === other)
          asked++
        }
    const each = (performance.now() - start) / asked
    assert.ok(each < 1, `${each} ms each`)
  })
})

describe('isPermission', () => {
  for (const good of ['*', '*:*', 'users:*', '*:view', 'users:view', 'my-things:re_paint2'])
    it(`accepts ${good}`, () => assert.equal(isPermission(good), true))
  const bad = [
    '',
    ':',
    'users',
    'users:',
    ':view',
    'Users:view',
    'users:view:all',
    'users:v*',
    'us*:view',
    '**',
    '2a:b',
  ]
  for (const text of [...bad, 'users:view ', 'users:view\n', ' *', 'users view', `a:${'b'.repeat(99)}`])
    it(`refuses ${JSON.stringify(text.slice(0, 30))}`, () => assert.equal(isPermission(text), false))
})
