// The proof that tenants are isolated: over HTTP, from the documents that the server itself serves.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../../drivers/database/index.ts'
import { UsageError } from '../arguments.ts'
import { createClient } from './client.ts'
import { type Operation, operationsOf } from './document.ts'
import { readNoFactors, signInOften, tryOwnFactors } from './factors.ts'
import { harmOf, readOwn, writeToOwn } from './own.ts'
import { type Probes, probe } from './probes.ts'
import { checksumsOf, dueJobsOf, membersOf } from './rows.queries.ts'
import { makeSide, removeSide, signInAdmin } from './sides.ts'

export interface ProofOptions {
  url: string
  /** An account of the back office, for what only it can make. */
  admin?: { login: string; password: string } | undefined
  /** The server's database: the other tenant's rows are compared before and after. */
  database?: Pick<Database, 'acrossTenants' | 'tenant'> | undefined
  /** Hears when both tenants are made, and when everything was asked. */
  progress?(step: 'asking' | 'asked'): void
}

export interface Proof extends Probes {
  operations: number
  /** Writes that the one tenant did to its own objects before the other's rows were compared. */
  ownWrites: number
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
  const isHarmless = (operation: Operation) => operation.method !== 'DELETE' && harmOf(operation, theirs) === 0
  await writeToOwn(client, operations, theirs, isHarmless)
  const factors = [
    ...(await tryOwnFactors(client, mine.factor, theirs.people.owner!)),
    ...(await readNoFactors(client, mine.people.plain!.token)),
  ]
  const people = database && (await membersOf(database, theirs.tenant.id))
  const sums = () => checksumsOf(database!, theirs.tenant.id, people!)
  const before = database && (await settled(sums, () => dueJobsOf(database, theirs.tenant.id)))
  progress?.('asking')
  const leaks = await readOwn(client, operations, mine, theirs)
  const probes = await probe(client, operations, mine, theirs)
  await signInOften(client, await mine.newMember())
  const ownWrites = await writeToOwn(client, operations, mine)
  progress?.('asked')
  const after = database && (await sums())
  for (const side of [mine, theirs]) await removeSide(client, side)
  const changedTables = before && after && [...before.keys()].filter((name) => before.get(name) !== after.get(name))
  const { coverage } = probes
  const findings = [...factors, ...leaks, ...probes.findings]
  return {
    ...probes,
    findings,
    operations: operations.length,
    ownWrites,
    backOffice: token !== undefined,
    changedTables,
    repeated: client.counts,
    seconds: (performance.now() - began) / 1_000,
    holds: coverage.gaps.length === 0 && findings.length === 0 && !changedTables?.length,
  }
}

const SETTLING_TRIES = 60

/** The checksums once nothing changes any more and no job is left that works on what was made. */
async function settled(
  sumsOf: () => Promise<Map<string, string>>,
  dueJobs: () => Promise<number>,
): Promise<Map<string, string>> {
  let sums = await sumsOf()
  for (let tries = 0; tries < SETTLING_TRIES; tries++) {
    await sleep(500)
    const busy = await dueJobs()
    const next = await sumsOf()
    if (busy === 0 && [...next].every(([name, sum]) => sums.get(name) === sum)) return next
    sums = next
  }
  throw new UsageError('The rows of a tenant that nobody works in keep changing: they cannot be compared.')
}
