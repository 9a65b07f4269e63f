// Servers that speak the API of OpenAI: its own, and the many that are compatible with it.
import type { OpenAiOptions, Provider } from './provider.ts'
import { directFetch, readJson } from './requests.ts'

export function createOpenAi({ url, key, models }: OpenAiOptions): Provider {
  const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` }
  // Twenty megabytes that only installations with such a server pay.
  const provider = import('@ai-sdk/openai-compatible').then(({ createOpenAICompatible }) =>
    createOpenAICompatible({
      name: 'openai',
      baseURL: url,
      headers,
      fetch: limiting(url),
      // The tokens of a streamed answer are told only to whoever asks for them.
      includeUsage: true,
    }),
  )
  return {
    name: 'openai',
    named: models,
    async list(signal) {
      const { data } = (await readJson(`${url}/models`, headers, signal)) as { data?: unknown }
      if (!Array.isArray(data)) return []
      return data.map((one: { id?: unknown }) => one?.id).filter((id) => typeof id === 'string')
    },
    model: async (name) => (await provider).chatModel(name),
  }
}

/** OpenAI itself, whose newer models know another name of the limit only. */
const OWN_HOST = 'api.openai.com'
const OLD_NAME = 'max_tokens'
const NEW_NAME = 'max_completion_tokens'

/** `directFetch` that limits an answer by the name that the server takes: asked once more where its refusal asks for the newer one, and remembered. */
function limiting(url: string): typeof fetch {
  let isNew = new URL(url).hostname === OWN_HOST
  return async (input, init) => {
    const body = typeof init?.body === 'string' ? init.body : undefined
    const other = body === undefined ? undefined : renamed(body)
    if (other === undefined) return directFetch(input, init)
    if (isNew) return directFetch(input, { ...init, body: other })
    const response = await directFetch(input, init)
    if (response.status !== 400) return response
    const said = await response.clone().text()
    if (!said.includes(NEW_NAME)) return response
    isNew = true
    return directFetch(input, { ...init, body: other })
  }
}

/** The same request with the newer name; undefined where it limits nothing. */
function renamed(body: string): string | undefined {
  const { [OLD_NAME]: limit, ...rest } = JSON.parse(body) as Record<string, unknown>
  return limit === undefined ? undefined : JSON.stringify({ ...rest, [NEW_NAME]: limit })
}
