// The requests of the walk: every operation that reads, with every parameter of its query, and the ones that write.
import type { Operation, Schema } from '../../src/cli/isolation/document.ts'
import { type Request, requestOf } from '../../src/cli/isolation/requests.ts'
import { newWord } from '../../src/cli/isolation/words.ts'
import { COMMON_WORD, RARE_WORD } from '../big/tables.ts'
import { PASSWORD } from '../harness.ts'

export interface Asked {
  operation: Operation
  request: Request
}

type Ids = ReadonlyMap<string, string>

const SEARCHES = [COMMON_WORD, RARE_WORD, 'Mason']
/** What texts may be that are neither ids nor words of a list. */
const TEXTS: Record<string, string[]> = {
  action: ['auth.login'],
  name: ['mail.deliver'],
  template: ['reset'],
  recipient: ['b11@big.example'],
  type: ['image', 'document', 'png'],
  folder: ['x'],
  tags: ['tag1', 'tag1,tag2'],
  subdomain: ['big'],
  path: ['/', '/Folder 11'],
}

/** How the operation is read: plainly, and once for each value that a parameter of its query may take. */
export function readsOf(operation: Operation, ids: Ids, headers: Record<string, string>): Asked[] {
  const plain = requestOf(operation, { ids: new Map(), own: (noun) => ids.get(noun), word: newWord(), headers })
  const query = operation.parameters.filter((one) => one.in === 'query' && !/^(page|cursor)$/.test(one.name))
  const orders = query.find(({ name }) => name === 'sortOrder') ? ['&sortOrder=asc', '&sortOrder=desc'] : ['']
  const variants = query.flatMap(({ name, schema }) =>
    valuesOf(name, schema, ids).flatMap((value) =>
      (name === 'sortBy' ? orders : ['']).map((order) => `${name}=${encodeURIComponent(value)}${order}`),
    ),
  )
  const monthOf = query.some(({ name }) => name === 'start') ? [`start=${timeAgo(13)}&end=${timeAgo(12)}`] : []
  const hasPages = operation.parameters.some((one) => one.name === 'page')
  return ['', ...(hasPages ? ['page=2', 'page=100&limit=100'] : []), ...monthOf, ...variants].map((added) => ({
    operation,
    request: { ...plain, path: added ? `${plain.path}${plain.path.includes('?') ? '&' : '?'}${added}` : plain.path },
  }))
}

/** The page behind the one that was answered; undefined where there is none. */
export function nextOf({ operation, request }: Asked, text: string): Asked | undefined {
  const cursor = /"nextCursor":"([^"]+)"/.exec(text)?.[1]
  if (cursor === undefined || request.path.includes('cursor=')) return undefined
  const sign = request.path.includes('?') ? '&' : '?'
  return { operation, request: { ...request, path: `${request.path}${sign}cursor=${encodeURIComponent(cursor)}` } }
}

/** The example of an operation that writes, about the things of the installation. */
export function writeOf(operation: Operation, ids: Ids, headers: Record<string, string>): Asked {
  const own = (noun: string) => ids.get(noun)
  return {
    operation,
    request: requestOf(operation, { ids: new Map(), own, word: newWord(), headers, secret: PASSWORD }),
  }
}

function valuesOf(name: string, schema: Schema & { enum?: string[] }, ids: Ids): string[] {
  const noun = schema['x-id-of']
  if (noun !== undefined) return [ids.get(noun)].filter((id) => id !== undefined)
  if (schema.enum) return schema.enum.map(String)
  if (name === 'search' || name === 'keyword') return SEARCHES
  if (schema.type === 'boolean') return ['true', 'false']
  if (name === 'limit') return ['100']
  if (schema.format === 'date-time') return /^(to|until|end)$/.test(name) ? [timeAgo(1)] : [timeAgo(2), timeAgo(20)]
  return TEXTS[name] ?? []
}

const timeAgo = (months: number) => new Date(Date.now() - months * 2_592_000_000).toISOString()
