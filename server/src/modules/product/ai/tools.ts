// What a model may do for whoever asks: with their rights as of that moment, and nothing that writes.
import type { Static, TObject } from 'typebox'
import { Check } from 'typebox/value'
import type { UserActor } from '../../../core/actor.ts'
import { grantFor, type Permission } from '../../../core/permission.ts'
import type { ModelTool } from '../../../drivers/ai/index.ts'
import { excerptOf, tokensAbout } from './tokens.ts'

export interface AiTool<P extends TObject = TObject> {
  /** What the model calls it: lower case and underscores. */
  name: string
  /** What it is for, as the model is told. */
  description: string
  /** Who does not hold it is not offered the tool. */
  permission: Permission
  /** What the model has to say, each field with a description. What does not fit never reaches `run`. */
  input: P
  /**
   * Does it as the actor, by a service that decides what they may see; never by a query of its own. The result is read by the
   * model, so that it holds only what the actor may read.
   */
  run(actor: UserActor, input: Static<P>, signal: AbortSignal): Promise<ToolResult>
}

export interface ToolResult {
  /** As JSON, for the model. */
  output: unknown
  /** The ids of documents that it rests on. */
  citations?: readonly string[]
}

/** Declares a tool; its input is typed by the schema. */
export function defineTool<P extends TObject>(tool: AiTool<P>): AiTool {
  return tool as unknown as AiTool
}

/** As much as a result tells a model, in characters. */
const MAX_OUTPUT = 12_000
/** A result of fewer tokens tells nothing. */
const LEAST_RESULT = 32
/** What a result takes beside its words. */
const RESULT_TOKENS = 16

/** What one answer has to do with the results of its tools. */
export interface Results {
  /** Notes documents that the model was shown. */
  cited(citations: readonly string[]): void
  /** How many tokens the model can still be told. */
  room(): number
  /** Takes some of them. */
  take(tokens: number): void
}

/** The tools that the actor may use, as the model is offered them. `actor` is asked again each time that one runs. */
export function offered(tools: readonly AiTool[], actor: () => UserActor, results: Results): ModelTool[] {
  return tools
    .filter(({ permission }) => grantFor(actor().permissions, permission))
    .map((tool) => ({
      name: tool.name,
      description: tool.description,
      schema: JSON.parse(JSON.stringify(tool.input)),
      check: (input) => Check(tool.input, input),
      async run(input, signal) {
        const now = actor()
        if (!grantFor(now.permissions, tool.permission)) return { error: 'not allowed' }
        const hasRoom = () => results.room() - RESULT_TOKENS >= LEAST_RESULT
        if (!hasRoom()) return { error: 'no room' }
        const { output, citations = [] } = await tool.run(now, input as never, signal)
        // Others of the same step may have taken it meanwhile.
        if (!hasRoom()) return { error: 'no room' }
        const told = cutTo(results.room() - RESULT_TOKENS, output)
        results.take(tokensAbout(JSON.stringify(told)) + RESULT_TOKENS)
        results.cited(citations)
        return told
      },
    }))
}

/** As much of an output as takes so many tokens at most. */
function cutTo(tokens: number, output: unknown): unknown {
  const text = JSON.stringify(output) ?? 'null'
  if (text.length <= MAX_OUTPUT && tokensAbout(text) <= tokens) return output
  let length = Math.min(text.length, MAX_OUTPUT)
  for (;;) {
    const told = { cut: true, text: excerptOf(text, length) }
    const cost = tokensAbout(JSON.stringify(told))
    if (cost <= tokens || length === 0) return told
    length = Math.min(length - 1, Math.floor((length * tokens) / cost))
  }
}
