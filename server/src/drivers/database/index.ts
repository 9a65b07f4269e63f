// The door of the database driver.

export type { Client as OwnerClient } from 'pg'
export { bootFaults, poolerFault } from './boot-check.ts'
export { collecting } from './collecting.ts'
export { type DatabasePlace, hasDatabase, placeDatabase } from './connect.ts'
export { createDatabase, type Database, type Executor, type Tx } from './database.ts'
export { databaseProblem, violates } from './failures.ts'
export { type Unfitness, unfitness } from './fitness.ts'
export { asOwner, refreshStatistics } from './owner.ts'
export { beginningOf, bounds, ordering, type SortKey } from './paging.ts'
export type { RolePassword } from './role-password.ts'
export { roleNames } from './roles.ts'
export {
  assignments,
  atVersion,
  containing,
  empty,
  identifier,
  join,
  literal,
  NOW,
  type Sql,
  sql,
  where,
} from './sql.ts'
export { tenantIds } from './tenants.ts'
export { type DatabaseTime, followTime, readTime } from './time.ts'
export { COUNTED_EXACTLY, countBounded, countUpTo, findMatches, type Matches } from './totals.ts'
