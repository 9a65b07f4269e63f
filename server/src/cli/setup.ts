// What an installation needs before its first request: roles in every tenant, and a first administrator.
import { randomInt } from 'node:crypto'
import type { Modules } from '../app.ts'
import type { Config } from '../config.ts'
import type { SystemActor } from '../core/actor.ts'
import { newId } from '../core/ids.ts'
import type { Database } from '../drivers/database/index.ts'
import { DEFAULT_TENANT } from '../modules/identity/tenants/index.ts'

export interface FirstAdministrator {
  email: string
  /** Made here and shown once; undefined when ADMIN_PASSWORD brought its own. */
  password: string | undefined
}

/** Brings roles and permissions up to the catalogue and makes the first administrator on an empty installation. */
export async function prepareInstallation(
  app: Modules,
  database: Database,
  config: Config,
): Promise<FirstAdministrator | undefined> {
  await app.roles.bringUpToDate()
  return makeFirstAdministrator(app, database, config)
}

const setup: SystemActor = { kind: 'system', name: 'setup' }

/** A user with the role `admin` in the default tenant, and an account of the back office with the same address and password. */
async function makeFirstAdministrator(
  app: Modules,
  database: Database,
  config: Config,
): Promise<FirstAdministrator | undefined> {
  if (await app.users.anyExist()) return undefined
  const made = config.admin.password === undefined ? readablePassword() : undefined
  const prepared = await app.users
    .prepare({
      email: config.admin.email,
      password: config.admin.password ?? made!,
      name: 'Administrator',
      username: 'administrator',
      verified: true,
    })
    .catch(async (error: unknown) => {
      // Another process of the same first start was faster.
      if (await app.users.anyExist()) return undefined
      throw error
    })
  if (prepared === undefined) return undefined
  const hasBackOffice = await app.admins.anyExist()
  const added = await database.inTenant(DEFAULT_TENANT, async (tx) => {
    const id = await app.users.addFirst(tx, prepared)
    if (id === undefined) return false
    await app.roles.assignByName(tx, id, 'admin')
    if (!hasBackOffice)
      await app.admins.add(tx, setup, { ...prepared, id: newId(), username: prepared.username ?? 'administrator' })
    app.audit.record(tx, setup, {
      action: 'users.create',
      targetType: 'user',
      targetId: id,
      changes: { email: prepared.email, roles: ['admin'] },
    })
    return true
  })
  return added ? { email: prepared.email, password: made } : undefined
}

const LETTERS = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'

/** Five groups of four characters that are not mistaken for one another: 115 bits. */
export function readablePassword(): string {
  const group = () => Array.from({ length: 4 }, () => LETTERS[randomInt(LETTERS.length)]).join('')
  return Array.from({ length: 5 }, group).join('-')
}
