// Ollama over its own API (/api/tags, /api/chat), as a model of the AI SDK: what its compatible API leaves out, the size of the context above all, is said here.
import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { chatBody, partsOf } from './ollama.wire.ts'
import { type OllamaOptions, type Provider, ProviderFailure } from './provider.ts'
import { directFetch, isPassing, readJson } from './requests.ts'

export function createOllama(options: OllamaOptions): Provider {
  return {
    name: 'ollama',
    named: options.models,
    async list(signal) {
      const { models } = (await readJson(`${options.url}/api/tags`, {}, signal)) as { models?: unknown }
      if (!Array.isArray(models)) return []
      return models.map((one: { name?: unknown }) => one?.name).filter((name) => typeof name === 'string')
    },
    model: async (name) => modelOf(name, options),
  }
}

function modelOf(modelId: string, { url, contextTokens }: OllamaOptions): LanguageModelV4 {
  async function ask(options: LanguageModelV4CallOptions): Promise<AsyncGenerator<LanguageModelV4StreamPart>> {
    const response = await directFetch(`${url}/api/chat`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(chatBody(modelId, contextTokens, options)),
      ...(options.abortSignal && { signal: options.abortSignal }),
    }).catch((cause: unknown) => {
      if (options.abortSignal?.aborted) throw cause
      throw new ProviderFailure('unreachable', 'Ollama cannot be reached', { cause, passing: true })
    })
    if (response.ok && response.body) return partsOf(response.body)
    const said = (await response.text().catch(() => '')).slice(0, 500)
    const passing = isPassing(response.status)
    throw new ProviderFailure('refused', `Ollama answered ${response.status}: ${said}`, { passing })
  }

  return {
    specificationVersion: 'v4',
    provider: 'ollama',
    modelId,
    supportedUrls: {},
    doStream: async (options) => ({ stream: ReadableStream.from(await ask(options)) }),
    async doGenerate(options) {
      let text = ''
      const calls: Extract<LanguageModelV4StreamPart, { type: 'tool-call' }>[] = []
      for await (const part of await ask(options)) {
        if (part.type === 'text-delta') text += part.delta
        if (part.type === 'tool-call') calls.push(part)
        if (part.type !== 'finish') continue
        const content = [...(text ? [{ type: 'text' as const, text }] : []), ...calls]
        return { content, finishReason: part.finishReason, usage: part.usage, warnings: [] }
      }
      throw new ProviderFailure('broken', 'Ollama ended its answer in the middle')
    },
  }
}
