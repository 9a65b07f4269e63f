// One answer of a model, piece by piece, with its tools run in between: retried before the first piece only, and never waited for without end.
import { setTimeout as sleep } from 'node:timers/promises'
import type { LanguageModelV4 } from '@ai-sdk/provider'
import { type FailureKind, ProviderFailure } from './provider.ts'

export interface Turn {
  role: 'user' | 'assistant'
  content: string
}

/** What a model may call. It is told the description and the schema; what it calls with is checked before anything runs. */
export interface ModelTool {
  name: string
  description: string
  /** JSON Schema of the input. */
  schema: object
  /** Whether the input is one that the schema lets through. */
  check(input: unknown): boolean
  run(input: unknown, signal: AbortSignal): Promise<unknown>
}

export interface Generation {
  model: LanguageModelV4
  system: string
  turns: readonly Turn[]
  tools: readonly ModelTool[]
  /** Resolves with how many tokens the first step may write: the model is made ready meanwhile, and asked then. */
  first: Promise<number>
  /** How often the model is asked at most, tools between; the last time it has no tools. */
  maxSteps: number
  /** How many calls of one step are run; those beyond are answered that they were too many. */
  maxCalls: number
  /** Called before each further step, with the tokens of those before. Answers what the next may do, or throws to end. */
  beforeStep(spent: Usage): Promise<Step>
  signal: AbortSignal
  /** Silence after which the provider has failed, before its first piece and after it. */
  firstPieceMs: number
  pieceMs: number
}

export interface Step {
  /** How many tokens it may write. */
  maxOutputTokens: number
  /** Whether it may call tools. */
  useTools: boolean
}

export interface Usage {
  inputTokens: number | undefined
  outputTokens: number | undefined
}

export type Piece =
  | { type: 'text'; text: string }
  /** It thinks, or writes what is nobody's to read: something came. */
  | { type: 'alive'; text: string }
  | { type: 'call'; id: string; name: string }
  | { type: 'result'; id: string; name: string; output: unknown; failed: boolean }
  | ({ type: 'end'; reason: 'stop' | 'length' } & Usage)

const RETRIES = 2
const RETRY_MS = 250

type Sdk = typeof import('ai')
let loaded: Promise<Sdk> | undefined

/** Loads the AI SDK: a quarter of a second that only installations with models pay, before somebody waits for it. */
export function loadSdk(): Promise<Sdk> {
  loaded ??= import('ai').then((sdk) => {
    // What a provider does not support it would say on the console.
    globalThis.AI_SDK_LOG_WARNINGS = false
    return sdk
  })
  return loaded
}

/** The pieces of the answer. Throws `ProviderFailure`, what `beforeStep` throws, or the reason of the signal. */
export async function* generate(generation: Generation): AsyncGenerator<Piece> {
  const sdk = await loadSdk()
  let { tools } = generation
  for (let attempt = 0; ; attempt++) {
    let began = false
    try {
      for await (const piece of attemptOf(sdk, { ...generation, tools })) {
        began = true
        yield piece
      }
      return
    } catch (error) {
      generation.signal.throwIfAborted()
      if (!began && tools.length > 0 && knowsNoTools(error)) {
        tools = []
        continue
      }
      if (began || attempt >= RETRIES || !(error instanceof ProviderFailure) || !error.passing) throw error
      await sleep(RETRY_MS * 4 ** attempt, undefined, { signal: generation.signal })
    }
  }
}

/** Many small models can do without only. */
function knowsNoTools(error: unknown): boolean {
  return error instanceof ProviderFailure && error.kind === 'refused' && /\btools?\b/i.test(error.message)
}

async function* attemptOf(sdk: Sdk, generation: Generation): AsyncGenerator<Piece> {
  const { system, turns, maxSteps, signal, firstPieceMs, pieceMs } = generation
  const silence = new AbortController()
  const spent: Usage = { inputTokens: undefined, outputTokens: undefined }
  let ended: unknown
  const calls = { left: generation.maxCalls }
  const result = sdk.streamText({
    model: askedAfter(sdk, generation.model, generation.first),
    instructions: system,
    messages: [...turns],
    tools: toolsOf(sdk, generation, calls),
    maxRetries: 0,
    stopWhen: sdk.stepCountIs(maxSteps),
    abortSignal: AbortSignal.any([signal, silence.signal]),
    onError: () => undefined,
    prepareStep: async ({ stepNumber }) => {
      if (stepNumber === 0) return {}
      try {
        const { useTools, maxOutputTokens: limit } = await generation.beforeStep({ ...spent })
        calls.left = generation.maxCalls
        const isLast = !useTools || stepNumber + 1 >= maxSteps
        return { maxOutputTokens: limit, ...(isLast && { toolChoice: 'none' as const }) }
      } catch (error) {
        ended = error
        throw error
      }
    },
  })
  let patience: NodeJS.Timeout | undefined
  const askedNow = () => {
    if (!silence.signal.aborted) patience ??= setTimeout(() => silence.abort(), firstPieceMs)
  }
  generation.first.then(askedNow, () => undefined)
  let reason: string | undefined
  try {
    for await (const part of result.stream) {
      // It says so before the model is asked.
      if (part.type === 'start') continue
      clearTimeout(patience)
      // Tools take their own time.
      if (part.type !== 'tool-call')
        patience = setTimeout(() => silence.abort(), part.type === 'start-step' ? firstPieceMs : pieceMs)
      if (part.type === 'error') throw ended ?? failureOf(part.error)
      if (part.type === 'abort') {
        signal.throwIfAborted()
        throw new ProviderFailure('stalled', 'The provider has been silent for too long')
      }
      if (part.type === 'text-delta' && part.text) yield { type: 'text', text: part.text }
      if (part.type === 'reasoning-delta' || part.type === 'tool-input-delta')
        yield { type: 'alive', text: part.type === 'reasoning-delta' ? part.text : part.delta }
      if (part.type === 'tool-call') yield { type: 'call', id: part.toolCallId, name: part.toolName }
      if (part.type === 'tool-result')
        yield { type: 'result', id: part.toolCallId, name: part.toolName, output: part.output, failed: false }
      if (part.type === 'tool-error')
        yield { type: 'result', id: part.toolCallId, name: part.toolName, output: undefined, failed: true }
      if (part.type === 'finish-step') {
        spent.inputTokens = sum(spent.inputTokens, part.usage.inputTokens)
        spent.outputTokens = sum(spent.outputTokens, part.usage.outputTokens)
        if (part.finishReason === 'error' || part.finishReason === 'interrupted' || part.rawFinishReason === undefined)
          throw new ProviderFailure('broken', 'The provider ended its answer in the middle', { passing: true })
        reason = part.finishReason
      }
    }
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof ProviderFailure || error === ended ? error : failureOf(error)
  } finally {
    clearTimeout(patience)
    // Whoever stops reading has the provider stop as well.
    silence.abort()
  }
  yield { type: 'end', reason: reason === 'length' ? 'length' : 'stop', ...spent }
}

/** The model, whose first step waits until it may write. Later steps say themselves how much. */
function askedAfter(sdk: Sdk, model: LanguageModelV4, first: Promise<number>): LanguageModelV4 {
  return sdk.wrapLanguageModel({
    model,
    middleware: {
      specificationVersion: 'v4',
      transformParams: async ({ params }) => ({ ...params, maxOutputTokens: params.maxOutputTokens ?? (await first) }),
    },
  })
}

function toolsOf(sdk: Sdk, { tools, signal }: Generation, calls: { left: number }) {
  return Object.fromEntries(
    tools.map(({ name, description, schema, check, run }) => [
      name,
      sdk.tool({
        description,
        inputSchema: sdk.jsonSchema<unknown>(schema, {
          validate: (value) =>
            check(value) ? { success: true, value } : { success: false, error: new Error('The input is not valid.') },
        }),
        execute: async (input: unknown) =>
          calls.left-- > 0 ? run(input, signal) : { error: 'too many calls at once' },
      }),
    ]),
  )
}

function sum(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined && other === undefined ? undefined : (one ?? 0) + (other ?? 0)
}

/** What an error of the SDK says about the provider; its own words stay in the cause. */
function failureOf(cause: unknown): ProviderFailure {
  if (cause instanceof ProviderFailure) return cause
  const { name, statusCode, isRetryable } = cause as { name?: string; statusCode?: number; isRetryable?: boolean }
  if (name !== 'AI_APICallError') return new ProviderFailure('broken', wordsOf(cause), { cause })
  const kind: FailureKind = statusCode === undefined ? 'unreachable' : statusCode < 400 ? 'broken' : 'refused'
  return new ProviderFailure(kind, wordsOf(cause), { cause, passing: isRetryable === true })
}

function wordsOf(cause: unknown): string {
  return String((cause as { message?: unknown } | undefined)?.message ?? cause).slice(0, 500)
}
