// The back-office realm: accounts and sessions apart from the users'.
import { createEntry, type Entry } from './service/entry.ts'
import { createOwnAccount, type OwnAccount } from './service/own.ts'
import type { AdminParts } from './service/parts.ts'

export type Admins = Entry & OwnAccount

export function createAdmins(parts: AdminParts): Admins {
  return { ...createEntry(parts), ...createOwnAccount(parts) }
}
