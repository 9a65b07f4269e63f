// What a provider of language models is to this house, and how it fails.
import type { LanguageModelV4 } from '@ai-sdk/provider'

export type ProviderName = 'ollama' | 'openai'

export interface Provider {
  readonly name: ProviderName
  /** The models that the operator named; undefined: whatever the provider has. */
  readonly named: readonly string[] | undefined
  /** The names of the models that it has now. Throws `ProviderFailure`. */
  list(signal: AbortSignal): Promise<string[]>
  /** A model by its name at the provider, for the AI SDK. */
  model(name: string): Promise<LanguageModelV4>
}

export interface OllamaOptions {
  /** Such as `http://localhost:11434`. */
  url: string
  /** Offered of what it has; undefined: all. */
  models: readonly string[] | undefined
  /** The size of the context that models are loaded with, in tokens. */
  contextTokens: number
}

export interface OpenAiOptions {
  /** With its path, such as `https://api.openai.com/v1`. */
  url: string
  /** Undefined for servers that ask for none. */
  key: string | undefined
  models: readonly string[] | undefined
}

/** How a provider can fail: it is not there, it refuses, it is silent for too long, or it breaks off in the middle. */
export type FailureKind = 'unreachable' | 'refused' | 'stalled' | 'broken'

/** A failure of a provider. Its message is for operators: what a server answers may say things about it. */
export class ProviderFailure extends Error {
  readonly kind: FailureKind
  /** Whether the same request may well succeed a moment later. */
  readonly passing: boolean

  constructor(
    kind: FailureKind,
    message: string,
    { passing = false, ...options }: ErrorOptions & { passing?: boolean } = {},
  ) {
    super(message, options)
    this.name = 'ProviderFailure'
    this.kind = kind
    this.passing = passing
  }
}
