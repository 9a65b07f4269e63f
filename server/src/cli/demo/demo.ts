// `ashlar seed --demo`: an installation to look at, the same at every run.
import type { Database } from '../../drivers/database/index.ts'
import type { Hashing } from '../../modules/identity/passwords/index.ts'
import { DEFAULT_TENANT } from '../../modules/identity/tenants/index.ts'
import { accounts, content } from './content.ts'
import * as queries from './demo.queries.ts'
import { seededRandom } from './random.ts'

export interface DemoOptions {
  /** How many accounts to add beside HaloLight's thirty. */
  size: number
  /** How many tenants to add beside the default one, with members from those accounts. */
  tenants: number
  progress(done: number, of: number, what: 'accounts' | 'tenants'): void
}

/** The password of HaloLight's demonstration accounts, as its documents and front ends know it. */
export const DEMO_PASSWORD = '123456'

const SEED = 20251204
const BATCH = 10_000
const TENANT_BATCH = 250
const GIVEN_NAMES =
  'Ada Alma Arno Bela Carl Cora Dana Egon Elsa Emil Enno Erik Ewa Finn Greta Hana Ines Ivan Jana Jonas Karl Lena Lars Mara Mila Nora Olaf Otto Pia Rosa Sven Tara Theo Uwe Vera Yuna'.split(
    ' ',
  )
const FAMILY_NAMES =
  'Adler Bauer Becker Berger Brandt Conrad Decker Eckert Fischer Frank Geiger Hahn Hoffmann Jansen Keller Koch Kramer Lang Lehmann Lorenz Maurer Mason Neumann Otto Peters Quarry Richter Reed Sauer Schmidt Slate Stone Vogel Wagner Weber Winter Ziegler'.split(
    ' ',
  )

/** Adds the demonstration data to the default tenant. What is there already stays; a second run adds nothing. */
export async function seedDemo(
  database: Database,
  hashing: Hashing,
  { size, tenants, progress }: DemoOptions,
): Promise<void> {
  const hash = await hashing.hash(DEMO_PASSWORD)
  const roleId = await database.inTenant(DEFAULT_TENANT, async (tx) => {
    const roles = new Map((await queries.roleIds(tx)).map(({ id, name }) => [name, id]))
    const roleOf = (name: string) => roles.get(name) ?? roles.get('user')!
    const random = seededRandom(SEED)
    const wanted = accounts(random)
    const rows = wanted.map(({ role: _role, ...account }) => ({ ...account, password: hash }))
    await queries.insertRows(tx, 'users', rows)
    const names = wanted.map((account) => String(account.username))
    const ids = new Map((await queries.idsByUsername(tx, names)).map(({ id, username }) => [username, id]))
    const people = wanted.map((account) => ({ ...account, id: ids.get(String(account.username))! }))
    const levels = people.map(({ id, role }) => ({ userId: id, level: role === 'admin' ? 'OWNER' : 'MEMBER' }))
    await queries.insertRows(tx, 'memberships', levels)
    await queries.insertRows(
      tx,
      'user_roles',
      people.map(({ id, role }) => ({ userId: id, roleId: roleOf(role) })),
    )
    for (const [table, list] of content(random, people, new Date(), roleOf)) await queries.insertRows(tx, table, list)
    return roleOf
  })
  const roleIds = ['user', 'user', 'user', 'editor', 'viewer'].map(roleId)
  for (let from = 1; from <= size; from += BATCH) {
    const to = Math.min(size, from + BATCH - 1)
    const volume = { from, to, hash, givenNames: GIVEN_NAMES, familyNames: FAMILY_NAMES, roleIds }
    await database.inTenant(DEFAULT_TENANT, (tx) => queries.insertVolume(tx, volume))
    progress(to, size, 'accounts')
  }
  await database.inGlobal((tx) => queries.insertTenants(tx, tenants))
  for (let from = 1; from <= tenants; from += TENANT_BATCH) {
    const to = Math.min(tenants, from + TENANT_BATCH - 1)
    await database.acrossTenants('demonstration tenants', (tx) => queries.fillTenants(tx, { from, to, accounts: size }))
    progress(to, tenants, 'tenants')
  }
}
