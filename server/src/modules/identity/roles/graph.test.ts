// Which grant covers what: the matching of permissions and the search through inheritance, against short references.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { covers, grantFor } from '../../../core/permission.ts'
import { effectiveOf, findGrant, type RoleGraph, type RoleNode } from './graph.ts'

/** A repeatable stream of choices. */
function choices(seed: number) {
  let state = seed
  const below = (limit: number) => {
    state = (state * 48271) % 2147483647
    return state % limit
  }
  return { below, pick: <T>(list: readonly T[]): T => list[below(list.length)]! }
}

const SEGMENTS = ['*', 'users', 'usersX', 'Users', 'user', 'view', 'read', 'all', 'edit', '']

function reference(granted: string, asked: string): boolean {
  if (granted === '*' || granted === '*:*' || granted === asked) return true
  const [holder, wanted] = [granted.split(':'), asked.split(':')]
  if (holder.length !== 2 || wanted.length !== 2) return false
  return holder.every((segment, at) => segment === '*' || segment === wanted[at])
}

describe('permissions', () => {
  it('RBAC-2: 100,000 random pairs match as whole segments, case-sensitive, with wildcards on the granted side only', () => {
    const { below, pick } = choices(7)
    const text = () => Array.from({ length: 1 + below(3) }, () => pick(SEGMENTS)).join(':')
    let covered = 0
    for (let round = 0; round < 100_000; round++) {
      const [granted, asked] = [text(), text()]
      assert.equal(covers(granted, asked), reference(granted, asked), `${granted} against ${asked}`)
      if (granted !== asked && covers(granted, asked)) covered++
    }
    assert.ok(covered > 1_000, 'the pairs must try the wildcards')
  })

  it('RBAC-2: what looks like a match and is none', () => {
    for (const [granted, asked] of [
      ['users:*', 'users'],
      ['users:*', 'usersX:read'],
      ['users:*', 'users:read:all'],
      ['users:*', 'Users:view'],
      ['users:view', 'users:*'],
      ['*:view', '*'],
      ['*:view', 'users:*'],
      ['users:*', '*:*'],
      ['users:.*', 'users:view'],
      ['us*:view', 'users:view'],
      ['', 'users:view'],
    ] as const)
      assert.equal(covers(granted, asked), false, `${granted} against ${asked}`)
  })

  it('RBAC-2: a granted text of 1 kB is answered within a millisecond', () => {
    const long = `a${':*'.repeat(512)}`
    const start = performance.now()
    for (let round = 0; round < 1_000; round++) assert.equal(covers(long, 'a:b'), false)
    assert.ok((performance.now() - start) / 1_000 < 1)
  })
})

const RESOURCES = ['users', 'roles', 'files', 'docs']
const VERBS = ['view', 'edit', 'delete']

function randomGraph({ below, pick }: ReturnType<typeof choices>): RoleGraph {
  const grants = () =>
    Array.from({ length: below(3) }, () =>
      below(12) === 0 ? '*' : `${below(6) ? pick(RESOURCES) : '*'}:${below(5) ? pick(VERBS) : '*'}`,
    )
  const nodes = Array.from({ length: 1 + below(8) }, (_, at): RoleNode => {
    // Mostly downwards; now and then a parent that is not there, or a circle that another program wrote.
    const parentIds = Array.from({ length: below(3) }, () => `r${below(20) ? below(at || 1) : below(10)}`)
    return { id: `r${at}`, name: `role ${at}`, permissions: grants(), parentIds: at === 0 ? [] : parentIds }
  })
  return new Map(nodes.map((node) => [node.id, node]))
}

describe('explanations', () => {
  it('agree with the enforcer on 100,000 random questions, and the way they show is there', () => {
    const random = choices(11)
    let allowed = 0
    let inherited = 0
    for (let round = 0; round < 2_000; round++) {
      const graph = randomGraph(random)
      const held = [...graph.keys()].filter(() => random.below(3) === 0)
      const effective = effectiveOf(graph, held)
      for (let question = 0; question < 50; question++) {
        const asked = `${random.pick(RESOURCES)}:${random.pick(VERBS)}`
        const grant = findGrant(graph, held, asked)
        assert.equal(grant !== undefined, grantFor(effective, asked) !== undefined, `${asked} in round ${round}`)
        if (!grant) continue
        allowed++
        if (grant.path.length > 1) inherited++
        assertWay(graph, held, grant.path, grant.permission, asked)
      }
    }
    assert.ok(allowed > 10_000 && inherited > 1_000, `${allowed} allowed, ${inherited} of them inherited`)
  })

  it('prefer the nearest role, and the permission itself to a wildcard beside it', () => {
    const graph: RoleGraph = new Map(
      [
        { id: 'top', name: 'top', permissions: ['*'], parentIds: [] },
        { id: 'middle', name: 'middle', permissions: ['users:*', 'users:view'], parentIds: ['top'] },
        { id: 'leaf', name: 'leaf', permissions: [], parentIds: ['middle', 'top'] },
      ].map((node) => [node.id, node]),
    )
    const names = (asked: string) => {
      const grant = findGrant(graph, ['leaf'], asked)
      return [grant?.permission, grant?.path.map((role) => role.id).join(' ')]
    }
    assert.deepEqual(names('users:view'), ['users:view', 'leaf middle'])
    assert.deepEqual(names('users:edit'), ['users:*', 'leaf middle'])
    assert.deepEqual(names('files:view'), ['*', 'leaf top'])
    assert.equal(findGrant(graph, [], 'users:view'), undefined)
  })
})

function assertWay(graph: RoleGraph, held: string[], path: { id: string }[], permission: string, asked: string): void {
  assert.ok(held.includes(path[0]!.id), 'the way starts at a role that is held')
  for (const [at, { id }] of path.slice(1).entries())
    assert.ok(graph.get(path[at]!.id)!.parentIds.includes(id), 'each step goes to a parent')
  assert.ok(graph.get(path.at(-1)!.id)!.permissions.includes(permission), 'the last role grants it')
  assert.ok(covers(permission, asked), 'what it grants covers the question')
}
