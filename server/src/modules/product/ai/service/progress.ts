// How far one answer is: what of its tokens is used, what was told, and why it ends.
import type { LanguageModelV4 } from '@ai-sdk/provider'
import type { UserActor } from '../../../../core/actor.ts'
import { type ModelEntry, type Piece, ProviderFailure, type Step, type Usage } from '../../../../drivers/ai/index.ts'
import * as answers from '../answers.queries.ts'
import type { Prompt } from '../prompt.ts'
import { tokensAtLeast } from '../tokens.ts'
import { type Granted, grantMore, type Limits } from './budget.ts'
import { RUNNER } from './following.ts'
import type { AiParts } from './parts.ts'
import type { Writer } from './writer.ts'

export interface Order {
  answerId: string
  actor: UserActor
  /** The person by the rights of now; undefined where they may not come in any more. */
  again(): Promise<UserActor | undefined>
  model: LanguageModelV4
  /** Whose model it is. */
  provider: ModelEntry['provider']
  prompt: Prompt
  /** Resolves when the budget has room for it, which nobody else can take: the model is not asked before. */
  granted: Promise<Granted>
  limits: Limits
  useTools: boolean
  /** When it was asked, by performance.now(). */
  askedAt: number
}

/** An answer that is being written. */
export interface Run {
  order: Order
  actor: UserActor
  /** What it may use; nothing before that. */
  granted: Granted
  controller: AbortController
  done: Promise<void>
  /** Whether its row is there, once that is known. */
  kept: Promise<boolean>
  /** That it is. */
  isKept: boolean
}

/** With less of the context left a model calls no more tools. */
const ROOM_FOR_TOOLS = 64

/** Why writing ends before the model does. */
export class Ended extends Error {
  readonly ending: answers.Ending | undefined

  /** Without an ending somebody else has ended it. */
  constructor(ending?: answers.Ending) {
    super('ended')
    this.ending = ending
  }
}

/** How far one answer is: what of its tokens is used, and what was told. */
export class Progress {
  readonly #run: Run
  readonly #writer: Writer
  #pieces = 0
  #least = 0
  #firstAt: number | undefined
  #usage: Usage = { inputTokens: undefined, outputTokens: undefined }
  /** Half of a character whose other half is in the next piece. */
  #half = ''
  /** What a further step has to read beside the prompt. */
  #between = 0
  readonly #citations = new Set<string>()

  constructor(run: Run, writer: Writer) {
    this.#run = run
    this.#writer = writer
  }

  get #tokens(): number {
    return Math.max(this.#pieces, this.#least)
  }

  /** What is known at the end. */
  told(): Omit<answers.Ending, 'state' | 'reason'> {
    const { inputTokens, outputTokens = this.#tokens } = this.#usage
    const since = (at: number) => Math.round(at - this.#run.order.askedAt)
    const firstTokenMs = this.#firstAt === undefined ? undefined : since(this.#firstAt)
    return {
      inputTokens,
      outputTokens,
      firstTokenMs,
      totalMs: since(performance.now()),
      citations: [...this.#citations],
    }
  }

  /** Notes documents that a tool showed to the model. */
  cited(citations: readonly string[]): void {
    for (const id of citations) if (!this.#run.order.prompt.citations.includes(id)) this.#citations.add(id)
  }

  /** How many tokens of results the model can be told in its context, beside the prompt and the whole of its answer. */
  room(contextTokens: number): number {
    const { order, granted } = this.#run
    return contextTokens - order.prompt.tokens - granted.output - this.#between
  }

  /** Counts what a further step has to read. */
  tell(tokens: number): void {
    this.#between += tokens
  }

  /** Takes the pieces; answers how it ended. */
  async follow(pieces: AsyncIterable<Piece>): Promise<answers.Ending> {
    for await (const piece of pieces) {
      this.#run.controller.signal.throwIfAborted()
      if (piece.type === 'end') {
        this.#usage = { inputTokens: piece.inputTokens, outputTokens: piece.outputTokens }
        return { state: 'done', reason: piece.reason }
      }
      if (piece.type === 'call') this.#tool(piece.name, 'called')
      else if (piece.type === 'result') {
        this.#tool(piece.name, piece.failed ? 'failed' : 'done')
      } else if (!this.#take(piece)) {
        return { state: 'done', reason: this.#run.granted.cut ? 'budget' : 'length' }
      }
    }
    throw new ProviderFailure('broken', 'The answer has no end')
  }

  /** Counts a piece and passes it on; false where it is one too many, which nobody is told. */
  #take({ type, text }: Extract<Piece, { text: string }>): boolean {
    const least = this.#least + tokensAtLeast(text)
    if (Math.max(this.#pieces + 1, least) > this.#run.granted.output) return false
    this.#pieces++
    this.#least = least
    this.#firstAt ??= performance.now()
    if (type === 'alive') return true
    const clean = this.#whole(text)
    if (clean) this.#writer.text(clean, this.#tokens)
    return true
  }

  /** As the database can keep it: without zero characters, and no character in two pieces. */
  #whole(text: string): string {
    const all = this.#half + text
    this.#half = /[\ud800-\udbff]$/.test(all) ? all.slice(-1) : ''
    return all
      .slice(0, all.length - this.#half.length)
      .toWellFormed()
      .replaceAll('\0', '')
  }

  #tool(name: string, state: 'called' | 'done' | 'failed'): void {
    this.#firstAt ??= performance.now()
    // What a model calls that there is not is no word to pass on.
    this.#writer.tool({ name: /^[a-z_]{1,64}$/.test(name) ? name : 'unknown', state }, this.#tokens)
  }

  /** Before the model is asked once more: it reads everything again, which has to be in the budget. Answers what it may write. */
  async goOn({ database, options }: Pick<AiParts, 'database' | 'options'>): Promise<Step> {
    const { granted, order } = this.#run
    const { prompt, limits, answerId, actor } = order
    // A quick model may be here before its answer is.
    if (!(await this.#run.kept)) throw new Ended()
    const input = prompt.tokens + this.#tokens + this.#between
    const isGranted = await database.inTenant(actor.tenantId, async (tx) => {
      const held = await answers.hold(tx, answerId)
      if (held?.runner !== RUNNER) throw new Ended()
      if (!(await grantMore(tx, { day: granted.day, userId: actor.userId }, limits, input))) return false
      await answers.addReserved(tx, answerId, input)
      return true
    })
    const left = Math.min(granted.output - this.#tokens, options.contextTokens - input)
    if (!isGranted || left < 1) throw new Ended({ state: 'done', reason: isGranted ? 'length' : 'budget' })
    return { maxOutputTokens: left, useTools: this.room(options.contextTokens) >= ROOM_FOR_TOOLS }
  }
}
