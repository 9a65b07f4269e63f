// The one table of settings: every variable that Ashlar reads, by area.
import { ai } from './groups/ai.ts'
import { audit, content, database, encryption, parts, redis, storage, uploads } from './groups/data.ts'
import { accounts, admin, tenancy, tokens } from './groups/identity.ts'
import { events, hashing, limits } from './groups/limits.ts'
import { mail } from './groups/mail.ts'
import { messages, notifications } from './groups/product.ts'
import { app, log, metrics, server, tracing, worker } from './groups/server.ts'
import type { Setting } from './kinds.ts'

export const table = {
  app,
  server,
  database,
  redis,
  tokens,
  accounts,
  admin,
  tenancy,
  audit,
  limits,
  hashing,
  encryption,
  mail,
  uploads,
  storage,
  content,
  messages,
  notifications,
  ai,
  worker,
  events,
  log,
  metrics,
  tracing,
  parts,
}

export const titles: Record<keyof typeof table, string> = {
  app: 'Application',
  server: 'HTTP server',
  database: 'Database',
  redis: 'Redis',
  tokens: 'Tokens and sessions',
  accounts: 'Accounts',
  admin: 'Administrators',
  tenancy: 'Tenants',
  audit: 'Audit trail',
  limits: 'Rate limits',
  hashing: 'Password hashing',
  encryption: 'Encryption of data',
  mail: 'Mail',
  uploads: 'Uploads',
  storage: 'Storage of files',
  content: 'Content',
  messages: 'Messages',
  notifications: 'Notifications',
  ai: 'Language models',
  worker: 'Background jobs',
  events: 'Events and live streams',
  log: 'Log',
  metrics: 'Metrics',
  tracing: 'Traces',
  parts: 'Parts of other settings',
}

/** Variables of other systems that mean nothing here, and what is said about them. */
export const ignored: Record<string, string> = {
  MONGO_URI: 'is ignored: Ashlar keeps its data in PostgreSQL (DATABASE_URL)',
  MONGO_DB_NAME: 'is ignored: Ashlar keeps its data in PostgreSQL (DATABASE_URL)',
  API_PREFIX: 'is ignored: the base paths are fixed (/api/v1, /api and /)',
  API_V1_PREFIX: 'is ignored: the base paths are fixed (/api/v1, /api and /)',
  VERSION: 'is ignored: the version is that of the package',
  IS_TEST: 'is ignored: set ENVIRONMENT=test',
  AWS_SESSION_TOKEN:
    'is ignored: a key that ends with a session cannot be used, AWS_ACCESS_KEY_ID must be a lasting one',
}

/** What the table's settings read as. */
export type Values<T> = T extends Setting<infer V> ? V : { [K in keyof T]: Values<T[K]> }

export interface Entry {
  area: keyof typeof table
  /** Where the value stands in the configuration, such as `database.pool.size`. */
  path: string
  setting: Setting<unknown>
}

/** Every setting in the order of the table. */
export function entries(): Entry[] {
  return (Object.keys(table) as (keyof typeof table)[]).flatMap((area) =>
    leaves(table[area], area).map(([path, setting]) => ({ area, path, setting })),
  )
}

/** Builds an object of the table's shape from one value for each setting. */
export function mapTable<R>(branch: object, read: (setting: Setting<unknown>) => R): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(branch).map(([key, node]) => [key, isSetting(node) ? read(node) : mapTable(node, read)]),
  )
}

function leaves(branch: object, path: string): [string, Setting<unknown>][] {
  return Object.entries(branch).flatMap(([key, node]) =>
    isSetting(node) ? [[`${path}.${key}`, node] as [string, Setting<unknown>]] : leaves(node, `${path}.${key}`),
  )
}

function isSetting(node: object): node is Setting<unknown> {
  return 'parse' in node && typeof node.parse === 'function'
}
