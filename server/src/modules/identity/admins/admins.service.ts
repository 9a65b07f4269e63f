// The back-office realm: accounts and sessions apart from the users'.
import { type Administration, createAdministration } from './service/administration.ts'
import { createEntry, type Entry } from './service/entry.ts'
import { createImpersonations, type Impersonations } from './service/impersonation.ts'
import { createOwnAccount, type OwnAccount } from './service/own.ts'
import type { AdminParts } from './service/parts.ts'

export type Admins = Entry & OwnAccount & { administration: Administration; impersonations: Impersonations }

export function createAdmins(parts: AdminParts): Admins {
  return {
    ...createEntry(parts),
    ...createOwnAccount(parts),
    ...createAdministration(parts),
    ...createImpersonations(parts),
  }
}
