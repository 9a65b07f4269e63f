// Writing answers: each by the process that was asked, whether or not anybody still listens, until it is complete, stopped or not its own any more.
import { setTimeout as sleep } from 'node:timers/promises'
import { isNamedBy } from '../../../../core/actor.ts'
import { grantFor } from '../../../../core/permission.ts'
import { ACTORS_CHANGED, AI_ANSWERS_ENDED } from '../../../../core/topics.ts'
import { generate, ProviderFailure } from '../../../../drivers/ai/index.ts'
import type { EndCode } from '../ai.errors.ts'
import * as answers from '../answers.queries.ts'
import { offered } from '../tools.ts'
import type { Granted } from './budget.ts'
import { endHeld } from './ending.ts'
import { type Following, RUNNER } from './following.ts'
import type { AiParts } from './parts.ts'
import { Ended, type Order, Progress, type Run } from './progress.ts'
import { isAway, Writer } from './writer.ts'

export type { Order }

export interface Running {
  /** Begins to write an answer; it is told when `kept` says that its row is there, and dropped where it says not. */
  start(order: Order, kept: Promise<boolean>): void
  /** How many are being written. */
  size(): number
  /** Lets what is being written come to its end for a while; then breaks it off, with what there is. */
  drain(graceMs: number): Promise<void>
}

/** Leases are renewed so often. What was stopped without a word that arrived is noticed then. */
const RENEW_MS = 500
const MAX_STEPS = 5
/** Calls of tools in one step. */
const MAX_CALLS = 4
const END_PATIENCE_MS = 5_000

const NOTHING: Granted = { day: '', output: 0, cut: false }

const failed = (reason: EndCode): answers.Ending => ({ state: 'failed', reason })

export function createRunning(parts: AiParts & { following: Following }): Running {
  const { database, bus, log, metrics } = parts
  const runs = new Map<string, Run>()
  let timer: NodeJS.Timeout | undefined

  bus.subscribe(AI_ANSWERS_ENDED, ({ answerIds }) => {
    for (const id of String(answerIds).split(' ')) runs.get(id)?.controller.abort(new Ended())
  })
  bus.subscribe(ACTORS_CHANGED, (message) => {
    const names = new Set(Object.values(message).map(String))
    for (const run of runs.values()) if (isNamedBy(run.actor, names)) void recheck(run)
  })
  bus.onGap(() => {
    if (!bus.connected()) return
    for (const run of runs.values()) void recheck(run)
  })

  /** Ends what is written for somebody who may not ask any more; goes on with the rights that they have now. */
  async function recheck(run: Run): Promise<void> {
    try {
      const actor = await run.order.again()
      if (actor && grantFor(actor.permissions, 'ai:use')) run.actor = actor
      else run.controller.abort(new Ended(failed('ai.access_ended')))
    } catch (error) {
      log.warn(
        { reason: (error as Error).message },
        'the rights of whoever asked a model cannot be looked up: its answer ends',
      )
      run.controller.abort(new Ended(failed('ai.access_ended')))
    }
  }

  async function renew(): Promise<void> {
    const ids = [...runs].filter(([, run]) => run.isKept).map(([id]) => id)
    if (ids.length === 0) return
    try {
      const held = await answers.renew(database, ids, RUNNER)
      for (const id of ids) if (!held.has(id)) runs.get(id)?.controller.abort(new Ended())
    } catch (error) {
      // Within the lease there are more tries; after it, whoever finds it dead ends it.
      log.warn({ reason: (error as Error).message }, 'the leases of answers could not be renewed')
    }
  }

  function watch(): void {
    if (runs.size > 0) timer ??= setInterval(() => void renew(), RENEW_MS).unref()
    else {
      clearInterval(timer)
      timer = undefined
    }
  }

  async function end(tenantId: string, id: string, ending: answers.Ending): Promise<void> {
    const began = performance.now()
    for (let told = ending; ; ) {
      try {
        const last = await database.inTenant(tenantId, async (tx) => {
          const held = await answers.hold(tx, id)
          return held?.runner === RUNNER ? endHeld(parts, tx, held, told) : undefined
        })
        if (last) parts.following.told(id, [last])
        return
      } catch (error) {
        const isRefused = !isAway(error)
        if (isRefused ? !told.citations?.length : performance.now() - began > END_PATIENCE_MS) throw error
        // An answer is worth more than what it rests on: where that cannot be written, it ends without.
        if (isRefused) told = { ...told, citations: [] }
        else await sleep(100)
      }
    }
  }

  async function write(run: Run): Promise<void> {
    const { answerId, actor, provider } = run.order
    const { tenantId } = actor
    const writer = new Writer(parts, { tenantId, answerId, kept: run.kept }, (error) => {
      if (error)
        log.error({ answerId, reason: error.message }, 'an answer could not be written down: it will be found dead')
      run.controller.abort(new Ended())
    })
    const progress = new Progress(run, writer)
    const ending = await progress.follow(generate(generationOf(parts, run, progress))).catch((error: unknown) => {
      // Whoever ended it meanwhile is right, whatever else went wrong.
      const why = run.controller.signal.aborted ? run.controller.signal.reason : error
      if (why instanceof Ended) return why.ending
      log.warn({ answerId, reason: String((error as Error)?.message ?? error) }, 'a language model failed')
      metrics.count('aiFailures', {
        provider,
        kind: error instanceof ProviderFailure ? error.kind : 'other',
      })
      return failed(
        error instanceof ProviderFailure && error.kind === 'stalled' ? 'ai.provider_stalled' : 'ai.provider_failed',
      )
    })
    run.controller.abort(new Ended())
    if (!(await run.kept)) return
    countAnswer(parts, run.order, progress.told(), ending?.state)
    if (!ending) return
    await writer.settle()
    if (!writer.isLost) await end(tenantId, answerId, { ...progress.told(), ...ending })
  }

  return {
    start(order, kept) {
      const controller = new AbortController()
      const run: Run = {
        order,
        actor: order.actor,
        granted: NOTHING,
        controller,
        done: Promise.resolve(),
        kept,
        isKept: false,
      }
      runs.set(order.answerId, run)
      watch()
      void kept.then((isThere) => {
        run.isKept = isThere
        if (!isThere) controller.abort(new Ended())
      })
      run.done = write(run)
        .catch((error: Error) =>
          log.error(
            { answerId: order.answerId, reason: error.message },
            'an answer could not be ended: it will be found dead',
          ),
        )
        .finally(() => {
          runs.delete(order.answerId)
          watch()
        })
    },
    size: () => runs.size,
    async drain(graceMs) {
      const all = () => Promise.all([...runs.values()].map(({ done }) => done))
      const patience = new AbortController()
      await Promise.race([all(), sleep(graceMs, undefined, { signal: patience.signal }).catch(() => undefined)])
      patience.abort()
      for (const { controller } of runs.values())
        controller.abort(new Ended({ state: 'broken', reason: 'ai.broken_off' }))
      await all()
    },
  }
}

/** An answer without a state was ended by somebody else: a person, or another process. */
function countAnswer(
  { metrics }: Pick<AiParts, 'metrics'>,
  { provider, prompt }: Order,
  { inputTokens = prompt.tokens, outputTokens = 0, firstTokenMs }: ReturnType<Progress['told']>,
  state: string = 'stopped',
): void {
  metrics.count('aiAnswers', { provider, state })
  metrics.count('aiTokens', { provider, direction: 'read' }, inputTokens)
  metrics.count('aiTokens', { provider, direction: 'written' }, outputTokens)
  if (firstTokenMs !== undefined) metrics.observe('aiFirstTokenSeconds', { provider }, firstTokenMs / 1_000)
}

function generationOf(parts: AiParts, run: Run, progress: Progress) {
  const { model, prompt, useTools } = run.order
  const first = run.order.granted.then((granted) => {
    run.granted = granted
    return granted.output
  })
  // A question may be refused before anybody waits for that.
  first.catch(() => undefined)
  return {
    model,
    system: prompt.system,
    turns: prompt.turns,
    tools: useTools
      ? offered(parts.tools, () => run.actor, {
          cited: (citations) => progress.cited(citations),
          room: () => progress.room(parts.options.contextTokens),
          take: (tokens) => progress.tell(tokens),
        })
      : [],
    first,
    maxSteps: MAX_STEPS,
    maxCalls: MAX_CALLS,
    signal: run.controller.signal,
    firstPieceMs: parts.options.firstTokenMs,
    pieceMs: parts.options.stallMs,
    beforeStep: () => progress.goOn(parts),
  }
}
