// Requests to providers: to the operator's addresses only, never on to where an answer points, and never without end.
import { doing } from '../telemetry/index.ts'
import { ProviderFailure } from './provider.ts'

/** Lists of models are small. */
const MAX_LIST_BYTES = 4_194_304

/** `fetch` that follows no redirect: a provider cannot send a request, its key or its content somewhere else. */
export const directFetch: typeof fetch = (input, init) => {
  const span = doing()?.span
  const headers = new Headers(init?.headers)
  if (span) headers.set('traceparent', span.traceparent)
  return fetch(input, { ...init, ...(span && { headers }), redirect: 'error' })
}

/** Reads a small JSON answer. Throws `ProviderFailure`. */
export async function readJson(url: string, headers: Record<string, string>, signal: AbortSignal): Promise<unknown> {
  const response = await directFetch(url, { headers, signal }).catch((cause: unknown) => {
    throw new ProviderFailure('unreachable', `${url} cannot be reached`, { cause, passing: true })
  })
  if (!response.ok) {
    await response.body?.cancel().catch(() => undefined)
    throw new ProviderFailure('refused', `${url} answered ${response.status}`, { passing: isPassing(response.status) })
  }
  try {
    return JSON.parse(await readText(response))
  } catch (cause) {
    throw new ProviderFailure('broken', `${url} answered no list`, { cause })
  }
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let [text, bytes] = ['', 0]
  for await (const part of response.body ?? []) {
    bytes += part.length
    if (bytes > MAX_LIST_BYTES) throw new Error('The list is too long.')
    text += decoder.decode(part, { stream: true })
  }
  return text + decoder.decode()
}

/** Whether a status says that it will pass. */
export function isPassing(status: number): boolean {
  return status === 408 || status === 409 || status === 429 || status >= 500
}
