// The walk: everything that the documents let people ask of a large installation, and what its jobs do at night.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, createClient } from '../../src/cli/isolation/client.ts'
import { type Operation, operationsOf } from '../../src/cli/isolation/document.ts'
import { asking } from '../../src/cli/isolation/words.ts'
import { halolightDocument, mainDocument } from '../../src/drivers/http/openapi.ts'
import type { BigWorld } from '../big/world.ts'
import { type Asked, nextOf, readsOf, writeOf } from './requests.ts'
import type { Notebook } from './statements.ts'

export interface Walked {
  /** By operation, how often it answered which status. */
  answers: Map<string, Map<number, number>>
}

/** What would end the session of whoever asks, or the tenant that everybody is in. */
const LEFT_OUT =
  /^(auth\.(logout|logoutAll|changePassword|reauthenticate)|users\.removeMe|admins\.(logout|changePassword|removeTenant|suspendTenant|remove|block)|(tenants|organizations)\.remove|sessions\.end)\b/

export async function walkAll(world: BigWorld, notebook: Notebook): Promise<Walked> {
  const { routes } = world.ashlar.app
  const operations = [mainDocument(routes, 'test'), halolightDocument(routes, 'test')].flatMap((document) =>
    operationsOf(document as Record<string, unknown>),
  )
  const client = createClient(world.ashlar.url)
  const answers: Walked['answers'] = new Map()
  const reads = operations.filter(({ method }) => method === 'GET')
  for (const operation of reads)
    for (const headers of askersOf(operation, world))
      for (const asked of readsOf(operation, world.ids, headers)) await ask(client, asked, notebook, answers)
  const writes = operations.filter(({ id, method }) => method !== 'GET' && !LEFT_OUT.test(id))
  for (const operation of writes.sort((a, b) => harmOf(a) - harmOf(b)))
    await ask(client, writeOf(operation, world.ids, askersOf(operation, world)[0]!), notebook, answers)
  await runSchedules(world, notebook)
  return { answers }
}

/** Has everything run that runs by the clock, once. */
async function runSchedules({ ashlar }: BigWorld, notebook: Notebook): Promise<void> {
  notebook.operation = 'by the clock'
  const due = await ashlar.rows<{ name: string }>(
    `UPDATE job_schedules SET "nextAt" = now(), "lastAt" = NULL RETURNING name`,
  )
  const left = async () =>
    (
      await ashlar.rows<{ left: number }>(
        `SELECT (SELECT count(*) FROM job_schedules WHERE "lastAt" IS NULL)::int +
           (SELECT count(*) FROM pgboss.job WHERE name = ANY ($1) AND state IN ('created', 'retry', 'active'))::int AS left`,
        [due.map(({ name }) => name)],
      )
    )[0]!.left
  for (let seconds = 0; (await left()) > 0; seconds++) {
    if (seconds > 180) throw new Error('What runs by the clock does not end.')
    await sleep(1_000)
  }
}

/** What takes away comes last: the other writes are about the same things. */
function harmOf({ id, method }: Operation): number {
  if (method === 'DELETE') return 2
  return /\.(batchDelete|deactivate|block|blockUser|setStatus|clear|stop|revokeShare|disable|reset\w*)\b/.test(id)
    ? 1
    : 0
}

function askersOf({ access }: Operation, { admin, member, office }: BigWorld): Record<string, string>[] {
  if (access === 'admin') return [asking(office)]
  return access === 'public' ? [{}] : [asking(admin.token), asking(member.token)]
}

async function ask(client: Client, asked: Asked, notebook: Notebook, answers: Walked['answers']): Promise<void> {
  notebook.operation = asked.operation.id
  const { status, text } = await client.send(asked.request, 0)
  const counts = answers.get(asked.operation.id) ?? new Map<number, number>()
  answers.set(asked.operation.id, counts.set(status, (counts.get(status) ?? 0) + 1))
  const next = status === 200 ? nextOf(asked, text) : undefined
  if (next) await ask(client, next, notebook, answers)
}
