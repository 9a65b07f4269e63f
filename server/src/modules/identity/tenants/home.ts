// Where what happens to an account itself is kept.
import { DEFAULT_TENANT } from './service/parts.ts'

/** The tenant whose audit trail and mail tell of an account: its home, or the default one for an account that has none or is not there. */
export function tenantOfRecord(account: { homeTenantId: string | null } | undefined): string {
  return account?.homeTenantId ?? DEFAULT_TENANT
}
