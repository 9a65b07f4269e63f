// What goes over the wire to Ollama and back: messages of the AI SDK as those of /api/chat, and its lines of JSON as parts.
import { randomUUID } from 'node:crypto'
import type { LanguageModelV4CallOptions, LanguageModelV4Prompt, LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { ProviderFailure } from './provider.ts'

interface WireMessage {
  role: 'system' | 'user' | 'assistant' | 'tool'
  content: string
  tool_calls?: { function: { name: string; arguments: unknown } }[]
  tool_name?: string
}

/** A line of the answer; anything may be missing. */
interface WireLine {
  message?: {
    content?: string
    thinking?: string
    tool_calls?: { function?: { name?: string; arguments?: unknown } }[]
  }
  done?: boolean
  done_reason?: string
  prompt_eval_count?: number
  eval_count?: number
  error?: string
}

/** The longest line: a tool's arguments are in one. */
const MAX_LINE = 1_048_576

/** The body of POST /api/chat. */
export function chatBody(model: string, contextTokens: number, options: LanguageModelV4CallOptions) {
  const tools = (options.tools ?? []).flatMap((tool) =>
    tool.type === 'function'
      ? [
          {
            type: 'function',
            function: { name: tool.name, description: tool.description, parameters: tool.inputSchema },
          },
        ]
      : [],
  )
  return {
    model,
    messages: options.prompt.flatMap(messagesOf),
    stream: true,
    ...(tools.length > 0 && options.toolChoice?.type !== 'none' && { tools }),
    options: {
      num_ctx: contextTokens,
      ...(options.maxOutputTokens !== undefined && { num_predict: options.maxOutputTokens }),
      ...(options.temperature !== undefined && { temperature: options.temperature }),
      ...(options.topP !== undefined && { top_p: options.topP }),
      ...(options.topK !== undefined && { top_k: options.topK }),
      ...(options.seed !== undefined && { seed: options.seed }),
      ...(options.stopSequences && { stop: options.stopSequences }),
    },
  }
}

function messagesOf(message: LanguageModelV4Prompt[number]): WireMessage[] {
  if (message.role === 'system') return [{ role: 'system', content: message.content }]
  if (message.role === 'tool')
    return message.content.flatMap((part) =>
      part.type === 'tool-result'
        ? [{ role: 'tool' as const, content: outputText(part.output), tool_name: part.toolName }]
        : [],
    )
  const text = message.content.map((part) => (part.type === 'text' ? part.text : '')).join('')
  const calls = message.content.flatMap((part) =>
    part.type === 'tool-call' ? [{ function: { name: part.toolName, arguments: part.input } }] : [],
  )
  return [{ role: message.role, content: text, ...(calls.length > 0 && { tool_calls: calls }) }]
}

type ToolOutput = Extract<
  Extract<LanguageModelV4Prompt[number], { role: 'tool' }>['content'][number],
  { type: 'tool-result' }
>['output']

function outputText(output: ToolOutput): string {
  if (output.type === 'text' || output.type === 'error-text') return output.value
  if (output.type === 'json' || output.type === 'error-json') return JSON.stringify(output.value)
  return output.type === 'execution-denied' ? 'refused' : ''
}

const TEXT_ID = 'text'
const THOUGHT_ID = 'thought'

/** The parts of an answer, from its bytes however they are cut. Throws `ProviderFailure` where it breaks off. */
export async function* partsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<LanguageModelV4StreamPart> {
  let isOpen = false
  let isThinking = false
  let called = false
  yield { type: 'stream-start', warnings: [] }
  for await (const line of linesOf(body)) {
    if (line.error !== undefined) throw new ProviderFailure('broken', `Ollama: ${String(line.error).slice(0, 500)}`)
    const { content, thinking, tool_calls: calls = [] } = line.message ?? {}
    if (thinking) {
      if (!isThinking) yield { type: 'reasoning-start', id: THOUGHT_ID }
      isThinking = true
      yield { type: 'reasoning-delta', id: THOUGHT_ID, delta: thinking }
    }
    if (content) {
      if (!isOpen) yield { type: 'text-start', id: TEXT_ID }
      isOpen = true
      yield { type: 'text-delta', id: TEXT_ID, delta: content }
    }
    for (const { function: call } of calls) {
      if (typeof call?.name !== 'string') continue
      called = true
      const input = JSON.stringify(call.arguments ?? {})
      const [id, toolName] = [randomUUID(), call.name]
      // What a model calls with it wrote as well.
      yield { type: 'tool-input-start', id, toolName }
      yield { type: 'tool-input-delta', id, delta: input }
      yield { type: 'tool-input-end', id }
      yield { type: 'tool-call', toolCallId: id, toolName, input }
    }
    if (!line.done) continue
    if (isThinking) yield { type: 'reasoning-end', id: THOUGHT_ID }
    if (isOpen) yield { type: 'text-end', id: TEXT_ID }
    yield finishOf(line, called)
    return
  }
  throw new ProviderFailure('broken', 'Ollama ended its answer in the middle')
}

function finishOf(line: WireLine, called: boolean): LanguageModelV4StreamPart {
  const unified = called ? 'tool-calls' : line.done_reason === 'length' ? 'length' : 'stop'
  return {
    type: 'finish',
    finishReason: { unified, raw: line.done_reason },
    usage: {
      inputTokens: {
        total: countOf(line.prompt_eval_count),
        noCache: undefined,
        cacheRead: undefined,
        cacheWrite: undefined,
      },
      outputTokens: { total: countOf(line.eval_count), text: undefined, reasoning: undefined },
    },
  }
}

function countOf(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined
}

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<WireLine> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of body) {
    rest += decoder.decode(bytes, { stream: true })
    const lines = rest.split('\n')
    rest = lines.pop()!
    if (rest.length > MAX_LINE) throw new ProviderFailure('broken', 'Ollama wrote a line that is too long')
    for (const line of lines) if (line.trim()) yield parsed(line)
  }
  rest += decoder.decode()
  if (rest.trim()) yield parsed(rest)
}

function parsed(line: string): WireLine {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null) return value as WireLine
  } catch {
    // Cut in the middle, or something else than Ollama: the same to whoever waits.
  }
  throw new ProviderFailure('broken', 'Ollama wrote a line that is no JSON')
}
