// The proof that tenants are isolated: over HTTP, from the documents that the server itself serves.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../../drivers/database/index.ts'
import { UsageError } from '../arguments.ts'
import { createClient } from './client.ts'
import { operationsOf } from './document.ts'
import { type Probes, probe } from './probes.ts'
import { checksumsOf } from './rows.queries.ts'
import { makeSide, removeSide, type Side, signInAdmin } from './sides.ts'

export interface ProofOptions {
  url: string
  /** An account of the back office, for what only it can make. */
  admin?: { login: string; password: string } | undefined
  /** The server's database: the other tenant's rows are compared before and after. */
  database?: Pick<Database, 'acrossTenants'> | undefined
  /** Hears when both tenants are made, and when everything was asked. */
  progress?(step: 'asking' | 'asked'): void
}

export interface Proof extends Probes {
  operations: number
  /** Whether an account of the back office took part. */
  backOffice: boolean
  /** Tables in which the other tenant's rows changed; undefined when the database was not looked at. */
  changedTables: string[] | undefined
  /** Answers that asked to wait, and other failures of the server. Each request was sent again. */
  repeated: { waited: number; failed: number }
  seconds: number
  holds: boolean
}

const DOCUMENTS = ['/openapi.json', '/api/openapi.json']

/** Makes two tenants on the server, asks for everything of one as everybody of the other, and deletes both. */
export async function proveIsolation({ url, admin, database, progress }: ProofOptions): Promise<Proof> {
  const began = performance.now()
  const client = createClient(url)
  const documents = await Promise.all(DOCUMENTS.map((path) => client.succeed({ method: 'GET', path, headers: {} })))
  const operations = documents.flatMap(operationsOf)
  const token = admin && (await signInAdmin(client, admin.login, admin.password))
  const mine = await makeSide(client, operations, token)
  const theirs = await makeSide(client, operations, token)
  const before = database && (await settledSums(database, theirs))
  progress?.('asking')
  const probes = await probe(client, operations, mine, theirs)
  progress?.('asked')
  const after = database && (await sumsOf(database, theirs))
  for (const side of [mine, theirs]) await removeSide(client, side)
  const changedTables = before && after && [...before.keys()].filter((name) => before.get(name) !== after.get(name))
  const { coverage, findings } = probes
  return {
    ...probes,
    operations: operations.length,
    backOffice: token !== undefined,
    changedTables,
    repeated: client.counts,
    seconds: (performance.now() - began) / 1_000,
    holds: coverage.gaps.length === 0 && findings.length === 0 && !changedTables?.length,
  }
}

type Rows = Pick<Database, 'acrossTenants'>

function sumsOf(database: Rows, { tenant, people }: Side): Promise<Map<string, string>> {
  const users = Object.values(people).map(({ id }) => id)
  return checksumsOf(database, tenant.id, users)
}

const SETTLING_TRIES = 60

/** Once nothing changes any more: jobs still work on what was made. */
async function settledSums(database: Rows, side: Side): Promise<Map<string, string>> {
  let sums = await sumsOf(database, side)
  for (let tries = 0; tries < SETTLING_TRIES; tries++) {
    await sleep(500)
    const next = await sumsOf(database, side)
    if ([...next].every(([name, sum]) => sums.get(name) === sum)) return next
    sums = next
  }
  throw new UsageError('The rows of a tenant that nobody works in keep changing: they cannot be compared.')
}
