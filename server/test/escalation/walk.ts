// The walk itself: draws a call, makes it, and holds what came of it against the rules.
import assert from 'node:assert/strict'
import type pg from 'pg'
import { changedTables, fingerprinter } from '../fingerprint.ts'
import type { Attempt, Kind } from './attempts.ts'
import { type Gain, gainsOf, judge, powerOf } from './rules.ts'
import { covers, holds, isInside, readState, type State } from './state.ts'
import { API, type World } from './world.ts'

/** By kind of call and by kind of caller: how many succeeded and how many were refused, by status. */
export type Tally = Map<string, { done: number; refused: number; statuses: Map<number, number> }>

export interface Walk {
  /** Makes one call, of any kind or of the named one, and throws when it broke a rule; `where` says how to come back here. */
  step(where: string, only?: Kind): Promise<void>
  /** Asks the server what everybody holds; differences from what the tables say, as sentences. */
  compare(): Promise<string[]>
  /** Who held what after the last call. */
  state(): State
}

const REFUSALS = new Set([400, 401, 403, 404, 409, 412, 422])

export async function createWalk(
  world: World,
  client: pg.Client,
  { kinds, tally }: { kinds: readonly Kind[]; tally: Tally },
): Promise<Walk> {
  const { random, ashlar } = world
  const fingerprint = await fingerprinter(client)
  const drawn = kinds.flatMap((kind) => Array.from({ length: kind.weight }, () => kind))
  /** Who gained what from whom in this world, newest last. */
  const ledger: string[] = []
  let state = await readState(client)
  /** The checksums after the last call, as long as nothing else wrote. */
  let known: { sums: Record<string, string>; signIns: number } | undefined

  async function draw(only?: Kind): Promise<[Kind, Attempt]> {
    for (;;) {
      const kind = only && random.below(2) ? only : random.of(drawn)
      // A tenant that is gone is tried now and then, and brought back by the kind that does that.
      const live = world.tenants.filter((id) => state.tenants.get(id)?.live)
      const tenantId = random.of(random.below(20) ? live : world.tenants)
      const attempt = await kind.make({ world, state, tenantId })
      if (attempt) return [kind, attempt]
    }
  }

  function count(name: string, status: number): void {
    const entry = tally.get(name) ?? { done: 0, refused: 0, statuses: new Map() }
    tally.set(name, entry)
    if (status < 300) entry.done++
    else entry.refused++
    entry.statuses.set(status, (entry.statuses.get(status) ?? 0) + 1)
  }

  /** What the server says that a credential allows; undefined where it is not let in. */
  async function permissionsOf(token: string, tenantId: string): Promise<string[] | undefined> {
    const headers = { 'x-tenant-id': tenantId }
    const { status, body } = await ashlar.call('GET', `${API}/auth/me`, { token, headers })
    return status === 200 ? body.permissions : undefined
  }

  return {
    state: () => state,

    async step(where, only) {
      const [kind, { by, method, path, json, header, deed, done }] = await draw(only)
      const before = known?.signIns === world.signIns ? known.sums : await fingerprint()
      known = undefined
      const answer = await ashlar.call(method, path, {
        ...(by.secret && { token: by.secret }),
        ...(json && { json }),
        headers: { 'x-tenant-id': header },
      })
      const { caller } = by
      count(kind.name, answer.status)
      count(`by ${caller.kind}`, answer.status)
      const what = `${kind.name}: ${caller.kind} ${caller.userId} in ${header}: ${method} ${path} ${JSON.stringify(json)} answered ${answer.status} ${answer.text.slice(0, 300)}\n${where}`
      if (answer.status >= 300) {
        assert.ok(REFUSALS.has(answer.status), what)
        known = { sums: await fingerprint(), signIns: world.signIns }
        assert.deepEqual(changedTables(before, known.sums), [], `a refused call wrote: ${what}`)
        return
      }
      const after = await readState(client)
      const faults = [...judge(state, after, { ...deed, kind: kind.name, caller }), ...(done?.(answer, state) ?? [])]
      const gains = gainsOf(state, after)
      ledger.push(...gains.map((gain) => entryOf(gain, kind, by.caller.userId)))
      assert.deepEqual(faults, [], `${what}\nWho gave what before:\n${chainOf(gains, ledger)}`)
      endCredentials(world, state, after)
      state = after
    },

    async compare() {
      const faults: string[] = []
      const inUse = world.people.flatMap(({ session }) => (session && !session.caller.ended ? [session] : []))
      for (const { secret, caller } of inUse) {
        const told = await Promise.all(world.tenants.map((tenantId) => permissionsOf(secret, tenantId)))
        for (const [index, tenantId] of world.tenants.entries()) {
          const { userId } = caller
          const inside = isInside(state, tenantId, userId)
          const expected = inside ? [...holds(state, tenantId, userId)].sort().join(' ') : undefined
          if (told[index]?.join(' ') !== expected)
            faults.push(`${userId} in ${tenantId}: the server says ${told[index]}, the tables ${expected}`)
        }
      }
      for (const { caller, secret } of [...world.tokens, ...world.impersonations]) {
        const told = await permissionsOf(secret, caller.tenantId)
        if (told && caller.ended) faults.push(`a ${caller.kind} works although ${caller.ended}`)
        const power = [...powerOf(state, caller, caller.tenantId)]
        for (const one of told ?? [])
          if (!power.some((other) => covers(other, one))) faults.push(`a ${caller.kind} yields ${one} beyond ${power}`)
      }
      return faults
    },
  }
}

const entryOf = ({ tenantId, userId, permission }: Gain, { name }: Kind, by: string) =>
  `${at(tenantId, userId)} got ${permission} by ${name} of ${by || 'nobody'}`

const at = (tenantId: string, userId: string) => `${tenantId}/${userId}`

/** The latest entries of the ledger about those who gained. */
function chainOf(gains: readonly Gain[], ledger: readonly string[]): string {
  const keys = gains.map(({ tenantId, userId }) => at(tenantId, userId))
  return ledger
    .filter((entry) => keys.some((key) => entry.startsWith(key)))
    .slice(-20)
    .join('\n')
}

/** Marks what must not work any more: sessions of whoever was barred or deleted, tokens of whoever left the tenant. */
function endCredentials(world: World, before: State, after: State): void {
  for (const { session } of world.people) {
    if (!session) continue
    const [old, now] = [before, after].map(({ users }) => users.get(session.caller.userId)!)
    if ((old!.active && !now!.active) || (!old!.deleted && now!.deleted))
      session.caller.ended ??= 'the account was barred'
  }
  for (const { caller } of world.tokens)
    if (!after.levels.has(at(caller.tenantId, caller.userId))) caller.ended ??= 'its maker left the tenant'
  for (const { caller } of world.impersonations) {
    const account = after.users.get(caller.userId)!
    if (!account.active || account.deleted) caller.ended ??= 'the person was barred'
  }
}

/** Sentences for the report: each kind with what became of its calls. */
export function tallied(tally: Tally): string[] {
  const shares = [...tally].map(([name, { done, refused, statuses }]) => {
    const total = done + refused
    const by = [...statuses].sort(([a], [b]) => a - b).map(([status, times]) => `${times} × ${status}`)
    return { name, line: `${name}: ${Math.round((100 * done) / total)} % of ${total} succeeded (${by.join(', ')})` }
  })
  return shares.sort((a, b) => a.name.localeCompare(b.name)).map(({ line }) => line)
}
