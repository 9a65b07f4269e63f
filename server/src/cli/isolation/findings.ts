// What a request shows that it must not, and how an answer is compared.
import type { Answer } from './client.ts'
import type { Request } from './requests.ts'

export interface Finding {
  /** The places that bore the foreign id. */
  places: string[]
  /** Who asked, as in `Side.people`. */
  asker: string
  what: 'differs' | 'accepted' | 'failed' | 'leaks'
  request: { method: string; path: string; body?: string }
  /** What was answered: where two requests are compared, first to the foreign id and then to the id of nothing. */
  answers: string[]
}

/** Whether an answer names what the caller cannot know: anything of the other tenant that was not in the request. */
export function leaks({ text }: Answer, marks: string[], sent: string[]): boolean {
  return marks.some((mark) => !sent.includes(mark) && text.includes(mark))
}

// What differs between any two requests, and says nothing of rows. The length is the text's, which is compared as a whole.
const VOLATILE = /^(date|content-length|x-request-id|ratelimit.*|x-ratelimit.*|server-timing|keep-alive|connection)$/

/** The whole answer, without what differs between any two requests, and with a word for each id that was sent. */
export function masked({ status, headers, text }: Answer, sent: string[]): string {
  const kept = [...headers].filter(([name]) => !VOLATILE.test(name)).map(([name, value]) => `${name}: ${value}`)
  let whole = `${status}\n${kept.join('\n')}\n\n${text}`
  // Where a stream stands moves with whatever happens in the caller's own tenant.
  if (headers.get('content-type') === 'text/event-stream') whole = whole.replace(/^id: .*$/m, 'id: <place>')
  const requestId = headers.get('x-request-id')
  if (requestId) whole = whole.replaceAll(requestId, '<request>')
  sent.forEach((id, at) => {
    whole = whole.replaceAll(id, `<id ${at}>`)
  })
  return whole
}

/** The request as the report shows it. */
export function described({ method, path, body }: Request): Finding['request'] {
  return { method, path, ...(typeof body === 'string' && { body }) }
}
