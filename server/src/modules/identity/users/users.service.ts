// Accounts of people: global, seen in a tenant through their membership.
import { type Accounts, createAccounts } from './service/accounts.ts'
import { type Administration, createAdministration } from './service/administration.ts'
import { type CredentialStore, createCredentialStore } from './service/credentials.ts'
import { createEverywhere, type Everywhere } from './service/everywhere.ts'
import { createOwnAccount, type OwnAccount } from './service/own.ts'
import type { UserParts } from './service/parts.ts'

export type Users = Accounts & Administration & OwnAccount & CredentialStore & { everywhere: Everywhere }

export function createUsers(parts: UserParts): Users {
  return {
    ...createAccounts(parts),
    ...createAdministration(parts),
    ...createOwnAccount(parts),
    ...createCredentialStore(parts),
    ...createEverywhere(parts),
  }
}
