// What every kind of call is made of: somebody who makes it, something that it is about, and what it is known to bring about.
import { type Answer, PASSWORD, unique } from '../harness.ts'
import type { Caller, Deed } from './rules.ts'
import { powerOf } from './rules.ts'
import { at, isCovered, isInside, type Level, RANK, type State } from './state.ts'
import { API, type Credential, type Person, signIn, WISHES, type World } from './world.ts'

/** A call that is about to be made. */
export interface Attempt {
  by: Credential
  method: string
  path: string
  json?: object
  /** The tenant that the request names in its header. */
  header: string
  deed: Omit<Deed, 'caller' | 'kind'>
  /** After success: keeps what came of it, and says what is wrong with the answer. */
  done?(answer: Answer, before: State): string[] | undefined
}

export interface Kind {
  name: string
  /** How often it is drawn, beside the others. */
  weight: number
  make(scene: Scene): Promise<Attempt | undefined>
}

/** What a kind of call looks at while it is being made up. */
export interface Scene {
  world: World
  state: State
  /** The tenant that the call is about. */
  tenantId: string
}

interface Want {
  permission?: string
  rank?: number
  /** Enters by the back office. */
  admin?: true
}

const STRANGER: Credential = {
  secret: 'nothing-that-anybody-was-given',
  caller: { kind: 'nobody', userId: '', tenantId: 'default' },
  id: '',
}

/** Somebody to make the call: mostly one who may, as far as is known, and now and then anybody at all. */
export async function somebody({ world, state, tenantId }: Scene, want: Want): Promise<Credential> {
  const { random } = world
  const roll = random.below(100)
  if (want.admin ? roll < 75 : roll < 3) return world.root
  if (roll >= 97) return STRANGER
  const able = (caller: Caller) =>
    isInside(state, tenantId, caller.userId) &&
    (want.permission === undefined || isCovered(powerOf(state, { ...caller, tenantId }, tenantId), want.permission)) &&
    RANK[state.levels.get(at(tenantId, caller.userId)) ?? 'MEMBER'] >= (want.rank ?? 0)
  const kept = [...world.tokens, ...world.impersonations]
  if (random.below(100) < 20 && kept.length) {
    const fit = kept.filter(({ caller }) => caller.tenantId === tenantId && !caller.ended && able(caller))
    if (fit.length || random.below(4) === 0) return random.of(fit.length && random.below(5) ? fit : kept)
  }
  const fit = world.people.filter(({ id }) => able({ kind: 'session', userId: id, tenantId }))
  const person = random.of(fit.length && random.below(8) ? fit : world.people)
  return sessionOf(world, person, tenantId)
}

/** A session of the person: the newest one, or a new one where that has ended; now and then the dead one. */
export async function sessionOf(world: World, person: Person, tenantId: string): Promise<Credential> {
  const old = person.session
  const stale = old === undefined || (old.caller.ended !== undefined && world.random.below(5) > 0)
  const session = (stale ? await signIn(world, person) : undefined) ?? old ?? STRANGER
  return session.caller.kind === 'session' ? { ...session, caller: { ...session.caller, tenantId } } : session
}

/** A person who belongs to the tenant and is not deleted, or now and then any other. */
export function someone({ world, state, tenantId }: Scene, wanted?: (person: Person) => boolean): Person {
  const { random, people } = world
  const filter = wanted ?? (({ id }) => state.users.get(id)?.deleted === false)
  const fit = people.filter((person) => state.levels.has(at(tenantId, person.id)) && filter(person))
  return random.of(fit.length && random.below(6) ? fit : people)
}

/** A role of the tenant, mostly one that was made there, or now and then one of another tenant. */
export function someRole({ world: { random, tenants }, state, tenantId }: Scene): string {
  const own = [...state.roles.values()].filter((role) => role.tenantId === tenantId)
  const made = own.filter((role) => !role.builtIn)
  if (random.below(10) === 0)
    return random.of([...state.roles.values()].filter((role) => tenants.includes(role.tenantId))).id
  return random.of(made.length && random.below(4) ? made : own).id
}

/** Permissions to ask for: mostly such as the caller holds, or now and then anything. */
export function wishes({ world: { random }, state, tenantId }: Scene, by: Credential, least = 0): string[] {
  const power = [...powerOf(state, { ...by.caller, tenantId }, tenantId)]
  const known = power.length && random.below(10) < 7 ? WISHES.filter((one) => isCovered(power, plain(one))) : WISHES
  const pool = known.length ? known : WISHES
  return [...new Set(random.some(3, () => random.of(pool)).concat(least ? [random.of(pool)] : []))]
}

const plain = (name: string) => ({ manage_roles: 'roles:*', update_user: 'users:edit' })[name] ?? name

/** Roles to give: mostly such as grant no more than the caller holds. */
export function roleWishes(scene: Scene, by: Credential, grants: (roleId: string) => Set<string>): string[] {
  const power = powerOf(scene.state, { ...by.caller, tenantId: scene.tenantId }, scene.tenantId)
  const fits = (roleId: string) => [...grants(roleId)].every((one) => isCovered(power, one))
  const drawn = Array.from({ length: 8 }, () => someRole(scene))
  const pool = scene.world.random.below(10) < 7 ? drawn.filter(fits) : drawn
  return [...new Set(pool)].slice(0, 1 + scene.world.random.below(2))
}

/** A call to a route of the tenant that the header names. */
export function inTenant(
  scene: Scene,
  by: Credential,
  call: Pick<Attempt, 'method' | 'path' | 'json' | 'done'>,
  deed: Partial<Attempt['deed']> & Pick<Deed, 'needs'>,
): Attempt {
  return { by, header: scene.tenantId, ...call, path: API + call.path, deed: { tenantId: scene.tenantId, ...deed } }
}

/** An address that nobody has. */
export const newAddress = () => `${unique('n')}@example.com`

export type Made = Pick<Attempt, 'method' | 'path' | 'json' | 'done'>

/** A kind of call that needs somebody in person, mostly of the level that it takes. */
export function personal(
  name: string,
  level: Level,
  make: (scene: Scene, by: Credential) => (Made & { deed?: Partial<Attempt['deed']> }) | undefined,
  weight = 3,
): Kind {
  return {
    name,
    weight,
    async make(scene) {
      const by = await somebody(scene, { rank: RANK[level] })
      const { deed, ...made } = make(scene, by) ?? { deed: undefined }
      return 'path' in made ? inTenant(scene, by, made, { needs: 'session', ...deed }) : undefined
    },
  }
}

/** Somebody who makes an account, by an invitation or without. */
export function registration(world: World, deed: Partial<Attempt['deed']>, more: object = {}): Attempt {
  const email = newAddress()
  // Now and then an address that is taken, which no registration gets past.
  const json = {
    email: world.random.below(4) ? email : world.random.of(world.people).email,
    password: PASSWORD,
    ...more,
  }
  return {
    by: { secret: '', caller: { kind: 'nobody', userId: '', tenantId: 'default' }, id: '' },
    method: 'POST',
    path: `${API}/auth/register`,
    json,
    header: 'default',
    deed: { needs: 'nothing', tenantId: 'default', ...deed },
    done({ body }) {
      world.people.push({ id: body.user.id, email: json.email, password: PASSWORD })
      return undefined
    },
  }
}
