// The door of the database driver.

export type { Client as OwnerClient } from 'pg'
export { bootFaults } from './boot-check.ts'
export { asApplication, type DatabasePlace, placeDatabase } from './connect.ts'
export { createDatabase, type Database, type DatabaseOptions, type Executor, type Tx } from './database.ts'
export { databaseProblem, violates } from './failures.ts'
export { asOwner, refreshStatistics } from './owner.ts'
export { roleNames } from './roles.ts'
export { assignments, containing, empty, identifier, join, literal, type Sql, sql, where } from './sql.ts'
