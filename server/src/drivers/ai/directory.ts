// Which models there are: asked of every provider, remembered for a while, with how each provider is.
import type { LanguageModelV4 } from '@ai-sdk/provider'
import type { Log } from '../telemetry/log.ts'
import { createOllama } from './ollama.ts'
import { createOpenAi } from './openai.ts'
import type { OllamaOptions, OpenAiOptions, Provider, ProviderName } from './provider.ts'

export interface ModelEntry {
  /** `provider/name`. */
  id: string
  provider: ProviderName
  name: string
  /** Whether the provider has it now; undefined where it cannot be asked. */
  available: boolean | undefined
}

export interface ProviderHealth {
  name: ProviderName
  healthy: boolean
  /** When it was asked, in milliseconds since the epoch. */
  checkedAt: number
}

export interface Directory {
  /** Whether there is any provider. */
  readonly isEmpty: boolean
  /** Every model that may be used, in the order of the settings; how long ago that was found out is in the health. */
  list(): Promise<{ models: ModelEntry[]; providers: ProviderHealth[] }>
  /**
   * A model by its id, or by its name alone, which is the first provider's that has it. Of a provider that does not answer it is what it
   * had last. Undefined where nobody has it, or a provider that may have it never said.
   */
  find(id: string): Promise<ModelEntry | undefined>
  /** Whether a provider that does not answer may have it. */
  isDoubtful(id: string): Promise<boolean>
  open(entry: Pick<ModelEntry, 'provider' | 'name'>): Promise<LanguageModelV4 | undefined>
}

export interface DirectoryOptions {
  ollama: OllamaOptions | undefined
  openai: OpenAiOptions | undefined
}

const BELIEVED_MS = 60_000
/** A provider that did not answer is asked again sooner. */
const DOUBTED_MS = 5_000
const ANSWER_MS = 5_000

interface Asked {
  /** As it said last; undefined where it never did. */
  names: string[] | undefined
  /** Whether it said so now. */
  healthy: boolean
  at: number
}

export function createDirectory({ ollama, openai }: DirectoryOptions, log: Log): Directory {
  const providers: Provider[] = [...(ollama ? [createOllama(ollama)] : []), ...(openai ? [createOpenAi(openai)] : [])]
  const asked = new Map<ProviderName, Asked>()
  const asking = new Map<ProviderName, Promise<Asked>>()

  async function ask(provider: Provider): Promise<Asked> {
    try {
      const names = await provider.list(AbortSignal.timeout(ANSWER_MS))
      return { names: [...new Set(names)].slice(0, 1_000), healthy: true, at: Date.now() }
    } catch (error) {
      log.warn({ provider: provider.name, reason: (error as Error).message }, 'a provider of models does not answer')
      return { names: asked.get(provider.name)?.names, healthy: false, at: Date.now() }
    }
  }

  /** What is known of a provider. What has grown old is asked again behind the back of whoever wants to know. */
  async function known(provider: Provider): Promise<Asked> {
    const { name } = provider
    const last = asked.get(name)
    if (last && Date.now() - last.at < (last.healthy ? BELIEVED_MS : DOUBTED_MS)) return last
    const answer = asking.get(name) ?? ask(provider)
    asking.set(name, answer)
    const settled = answer.then((one) => {
      asked.set(name, one)
      asking.delete(name)
      return one
    })
    return last?.names ? last : settled
  }

  function entriesOf({ name: provider, named }: Provider, { names, healthy }: Asked): ModelEntry[] {
    const offered = named ?? names ?? []
    return offered.map((name) => ({
      id: `${provider}/${name}`,
      provider,
      name,
      available: healthy ? hasName(names, name) : undefined,
    }))
  }

  async function list() {
    const answers = await Promise.all(providers.map(known))
    return {
      models: providers.flatMap((provider, at) => entriesOf(provider, answers[at]!)),
      providers: providers.map(({ name }, at) => ({
        name,
        healthy: answers[at]!.healthy,
        checkedAt: answers[at]!.at,
      })),
    }
  }

  return {
    isEmpty: providers.length === 0,
    list,
    async find(id) {
      // What the operator named needs no asking.
      for (const provider of providers) {
        const name = provider.named?.find((one) => one === id || `${provider.name}/${one}` === id)
        if (name !== undefined)
          return { id: `${provider.name}/${name}`, provider: provider.name, name, available: undefined }
      }
      const answers = await Promise.all(providers.map(known))
      const entries = providers.map((provider, at) => entriesOf(provider, answers[at]!))
      const exact = entries.flat().find((one) => one.id === id)
      if (exact) return exact
      for (const [at, of] of entries.entries()) {
        // It may be the model that is meant: that of another provider is not, though it has the same name.
        if (!providers[at]!.named && !answers[at]!.names) return undefined
        const entry = of.find(({ name }) => name === id)
        if (entry) return entry
      }
      return undefined
    },
    async isDoubtful(id) {
      const prefixed = providers.find(({ name }) => id.startsWith(`${name}/`))
      const asking = (prefixed ? [prefixed] : providers).filter(({ named }) => !named)
      return (await Promise.all(asking.map(known))).some(({ healthy }) => !healthy)
    },
    open: async ({ provider, name }) => providers.find((one) => one.name === provider)?.model(name),
  }
}

function hasName(names: readonly string[] | undefined, name: string): boolean {
  return names !== undefined && (names.includes(name) || names.includes(`${name}:latest`))
}
