// Speaks to the server under proof, and waits where it is told to.
import { setTimeout as sleep } from 'node:timers/promises'
import { UsageError } from '../arguments.ts'
import type { Request } from './requests.ts'

export interface Answer {
  status: number
  headers: Headers
  text: string
  /** Milliseconds from the request to the last byte. */
  ms: number
}

export interface Client {
  /** Repeats what is told to wait, up to `patience` seconds at a time, and what fails on the server's side. */
  send(request: Request, patience?: number): Promise<Answer>
  /** The JSON of an answer that must be a success; anything else ends the proof with the server's own words. */
  succeed(request: Request): Promise<Record<string, unknown>>
  /** How many answers were 429 or 503 with a time to wait, and how many were any other 5xx. Each was asked again. */
  readonly counts: { waited: number; failed: number }
}

// Where one statement in a hundred fails, a request of forty fails every third time.
const TRIES = 12
const PATIENCE_SECONDS = 120
const BROKEN_OFF = 500

export function createClient(url: string): Client {
  const counts = { waited: 0, failed: 0 }

  async function once({ method, path, headers, body }: Request): Promise<Answer> {
    const began = performance.now()
    const response = await fetch(url + path, {
      method,
      headers,
      body: body ?? null,
      redirect: 'manual',
      signal: AbortSignal.timeout(60_000),
    }).catch((error: Error) => {
      throw new UsageError(`${url} does not answer: ${(error.cause as Error | undefined)?.message ?? error.message}`)
    })
    // An answer that breaks off while it is written is a failure of the server, whatever it began with.
    const text = await (isStream(response) ? firstBlock(response) : response.text()).catch(() => undefined)
    const status = text === undefined ? BROKEN_OFF : response.status
    return { status, headers: response.headers, text: text ?? '', ms: performance.now() - began }
  }

  async function send(request: Request, patience = PATIENCE_SECONDS): Promise<Answer> {
    for (let tries = 1; ; tries++) {
      const answer = await once(request)
      const seconds = Number(answer.headers.get('retry-after') ?? 1)
      const isBusy = answer.status === 429 || answer.status === 503
      if (tries === TRIES || (!isBusy && answer.status < 500) || seconds > patience) return answer
      counts[isBusy ? 'waited' : 'failed']++
      if (isBusy) await sleep(seconds * 1_000)
    }
  }

  return {
    send,
    counts,
    async succeed(request) {
      const { status, text } = await send(request)
      if (status < 200 || status > 299)
        throw new UsageError(
          `The proof cannot be prepared: ${request.method} ${request.path} answered ${status} ${text}`,
        )
      return JSON.parse(text)
    },
  }
}

function isStream(response: Response): boolean {
  return response.headers.get('content-type') === 'text/event-stream'
}

/** What a stream begins with, which says how the place was taken that was asked for; then it is left. */
async function firstBlock(response: Response): Promise<string> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const part of response.body!) {
    text += decoder.decode(part, { stream: true })
    if (text.includes('\n\n')) break
  }
  return text.slice(0, text.indexOf('\n\n'))
}
