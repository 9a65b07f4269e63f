// What the verbs of this module work with.
import { requestErrors } from '../../../../core/errors.ts'
import { ACTORS_CHANGED } from '../../../../core/topics.ts'
import type { Bus } from '../../../../drivers/bus/index.ts'
import type { Database, Tx } from '../../../../drivers/database/index.ts'
import type { Route } from '../../../../drivers/http/index.ts'
import type { Audit } from '../../../foundation/audit/index.ts'
import type { Language } from '../../../foundation/mail/index.ts'

export interface RoleParts {
  database: Pick<Database, 'tenant' | 'inTenant' | 'acrossTenants'>
  bus: Pick<Bus, 'publish'>
  audit: Pick<Audit, 'record'>
  /** In which the roles and permissions of a new tenant are named. */
  language: Language
  /** Every route of the application; asked for after all modules are built. */
  routes(): readonly Route[]
}

/** How many permissions a tenant may have: the catalogue's, its own, and the wildcards that its roles ask for. */
export const MAX_PERMISSIONS = 1_000

/** Makes every node forget what it knows of everybody in the transaction's tenant. */
export function announce({ bus }: Pick<RoleParts, 'bus'>, tx: Tx): Promise<void> {
  return bus.publish(tx, ACTORS_CHANGED, { tenantId: tx.tenantId })
}

/** An `invalid` problem about one field of the query. */
export function invalidQuery(path: string, code: string, message: string) {
  return requestErrors('request.invalid', { fields: [{ in: 'query', path, code, message }] })
}
