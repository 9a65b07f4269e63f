// One execution for each Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): whoever repeats a request gets its first answer.
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { actorName, type UserActor } from '../../core/actor.ts'
import { defineErrors, Problem, requestErrors } from '../../core/errors.ts'
import { newId } from '../../core/ids.ts'
import type { Database } from '../database/index.ts'
import type { Sealer } from '../sealing/index.ts'
import * as queries from './idempotency.queries.ts'
import { toProblem } from './problems.ts'
import { isPublic, type Route } from './routes.ts'

export const KEY_HEADER = 'idempotency-key'
/** On answers that were given before. */
export const REPLAYED_HEADER = 'idempotency-replayed'

const idempotencyErrors = defineErrors({
  'idempotency.in_progress': {
    kind: 'conflict',
    message: 'A request with this Idempotency-Key is under way. Try again shortly.',
  },
  'idempotency.key_reused': {
    kind: 'invalid',
    message: 'This Idempotency-Key was used for another request. Take a new one.',
  },
  'idempotency.answer_lost': {
    kind: 'conflict',
    message: 'This request was carried out, or a part of it, and its answer was lost. Look before you repeat it.',
  },
})
export const IDEMPOTENCY_CODES = ['idempotency.in_progress', 'idempotency.key_reused', 'idempotency.answer_lost']

export interface KeyedRequest {
  actor: UserActor
  route: Route
  /** The header as it was sent. */
  header: string
  /** Everything that the request asks by: parameters, query and body, checked. */
  input: unknown
  /** Called before an earlier answer is given again. */
  replaying(): void
}

export interface Idempotency {
  /**
   * Does the work once for the key and keeps what it gave or why it refused for 24 hours; later calls get the same without
   * the work. Failures of the server (5xx) and refusals that pass by themselves are not kept. Throws `malformed` for what is
   * no key, `idempotency.key_reused` for another request under the key, `idempotency.in_progress` while the first runs.
   */
  once(request: KeyedRequest, work: () => Promise<unknown>): Promise<unknown>
  /** Deletes what is not kept any more. Happens by itself every hour. */
  sweep(): Promise<void>
  close(): void
}

/** Whether repeating may be asked for: a POST by a signed-in user, with a JSON body or files that are known by their hashes. */
export function isRepeatable({ method, access, body, binary, uploads, accepts = ['json'] }: Route): boolean {
  const byUser = !isPublic(access) && access !== 'admin'
  const isKnown = uploads !== undefined || !accepts.includes('multipart')
  return method === 'POST' && byUser && body !== undefined && !binary && isKnown
}

const SWEEP_EVERY_MS = 3_600_000
const SWEPT_AT_ONCE = 5_000
const TRIES = 3
/** After pauses of 1 s, 2 s and so on. */
const LATER_TRIES = 5

export interface IdempotencyParts {
  database: Pick<Database, 'tenant' | 'acrossTenants' | 'witnessed'>
  sealer: Sealer
}

export function createIdempotency({ database, sealer }: IdempotencyParts): Idempotency {
  const sweep = async () => {
    for (let gone = SWEPT_AT_ONCE; gone === SWEPT_AT_ONCE; )
      gone = await database.acrossTenants('keys of requests that are not kept any more', (tx) =>
        queries.sweep(tx, SWEPT_AT_ONCE),
      )
  }
  // A sweep that fails is made up for by the next one.
  const sweeper = setInterval(() => void sweep().catch(() => undefined), SWEEP_EVERY_MS)
  sweeper.unref()

  /** Claims the key and answers the claim's name, or what is kept under it. */
  async function claimOrRead(call: Call): Promise<{ claim: string } | { kept: Kept }> {
    const { db, owner, hash, context } = call
    const claim = newId()
    const sealedHash = sealer.seal(hash, context)
    for (let attempt = 0; attempt < TRIES; attempt++) {
      if (await queries.claim(db, owner, claim, sealedHash)) return { claim }
      const row = await queries.find(db, owner)
      // Given back or swept meanwhile.
      if (!row) continue
      if (row.state === 'free') {
        if (await queries.takeOver(db, owner, claim, sealedHash)) return { claim }
        continue
      }
      if (opened(row.requestHash, context) !== hash) throw idempotencyErrors('idempotency.key_reused')
      if (row.state === 'running') break
      if (row.state === 'lost' || row.answer === null) throw idempotencyErrors('idempotency.answer_lost')
      return { kept: JSON.parse(opened(row.answer, context)) as Kept }
    }
    throw idempotencyErrors('idempotency.in_progress', { retryAfter: 1 })
  }

  function opened(sealed: string, context: string): string {
    try {
      return sealer.open(sealed, context)
    } catch (cause) {
      throw idempotencyErrors('idempotency.answer_lost', { cause })
    }
  }

  return {
    async once(request, work) {
      const call = callOf(database, request)
      const { db, owner, context } = call
      const found = await claimOrRead(call)
      if ('kept' in found) {
        request.replaying()
        return unkept(found.kept)
      }
      const { claim } = found
      const { tenantId } = request.actor
      const outcome = await database
        .witnessed(async (tx) => {
          // Whoever outlived the claim must not commit beside the request that took the key over.
          if (!(await queries.markCommitted(tx, tenantId, owner, claim)))
            throw idempotencyErrors('idempotency.in_progress', { retryAfter: 1 })
        }, work)
        .then(
          (value) => ({ value }),
          (error: unknown) => ({ error }),
        )
      const kept = keptOf(outcome)
      const sealed = kept && sealer.seal(JSON.stringify(kept), context)
      const remember = () =>
        sealed === undefined ? queries.release(db, owner, claim) : queries.keepAnswer(db, owner, claim, sealed)
      // The caller waits for the first try only: until a later one succeeds, a repetition hears that the request is under way, and
      // without any that its answer was lost. What was done stays done.
      await remember().catch(() => void later(remember))
      if ('error' in outcome) throw outcome.error
      return outcome.value
    },
    sweep,
    close: () => clearInterval(sweeper),
  }
}

/** Tries again some times, since the database may be busy for a moment. */
async function later(work: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; tries <= LATER_TRIES; tries++) {
    await sleep(tries * 1_000, undefined, { ref: false })
    const isDone = await work().then(
      () => true,
      () => false,
    )
    if (isDone) return
  }
}

interface Call {
  db: ReturnType<Database['tenant']>
  owner: queries.KeyOwner
  /** Of what is asked: SHA-256 in hexadecimal. */
  hash: string
  /** What the sealed texts belong to. */
  context: string
}

function callOf(database: Pick<Database, 'tenant'>, { actor, route, header, input }: KeyedRequest): Call {
  const { tenantId, sessionId } = actor
  // What only a session may do it may do with its own secrets: another one of the same person does not see them.
  const name = actorName(actor) + (route.access === 'session' ? `/${sessionId}` : '')
  const owner = { actor: name, key: keyIn(header) }
  const hash = createHash('sha256')
    .update(stableText([route.operation, input]))
    .digest('hex')
  return { db: database.tenant(tenantId), owner, hash, context: `idempotency ${tenantId} ${name} ${owner.key}` }
}

/** The key inside the header: a string of structured fields (RFC 9651, 3.3.3), or as many clients send it, without quotes. */
function keyIn(header: string): string {
  const key = /^(?:"([\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x5b\x5d-\x7e]{1,255}))$/.exec(header.trim())
  if (!key)
    throw requestErrors('request.malformed', {
      message: 'Idempotency-Key must be one string of 1 to 255 visible ASCII characters, such as a UUID.',
    })
  return (key[1] ?? key[2])!
}

/** JSON in which the order of keys makes no difference. */
function stableText(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}

type Kept = { value?: unknown } | { problem: Pick<Problem, 'kind' | 'code' | 'message' | 'fields' | 'facts'> }

const PASSING = new Set(['internal', 'unavailable', 'limited', 'locked', 'unauthenticated'])

/** What is kept of an outcome; undefined where a repetition has to try again. */
function keptOf(outcome: { value: unknown } | { error: unknown }): Kept | undefined {
  if ('value' in outcome) return outcome
  const { kind, code, message, fields, facts } = toProblem(outcome.error)
  if (PASSING.has(kind) || code === 'idempotency.in_progress') return undefined
  return { problem: { kind, code, message, fields, facts } }
}

function unkept(kept: Kept): unknown {
  if (!('problem' in kept)) return kept.value
  const { kind, code, message, fields, facts } = kept.problem
  throw new Problem(kind, code, message, { fields, facts })
}
