// One object of every kind in a tenant: made where the document has an operation that makes it, else found in a list.
import type { Client } from './client.ts'
import { idsOf, nounsOf, type Operation, placesOf } from './document.ts'
import { requestOf } from './requests.ts'
import { asking, newWord } from './words.ts'

export interface Objects {
  /** The id of the tenant's object of that kind; undefined where it has none. */
  get(noun: string): string | undefined
  ids(): string[]
  /** Whether there can be another one. */
  isMakeable(noun: string): boolean
  /** The id of another one, made now; of the one that is there where none can be made. */
  another(noun: string): Promise<string>
}

export interface Makers {
  /** A token of the tenant's owner. */
  owner: string
  tenantId: string
  /** A token of the back office. */
  admin: string | undefined
  /** What takes more than one request, by noun: makes one and answers its id. */
  special: Record<string, () => Promise<string>>
}

/** Makes, in the order of the document, what an operation promises that is not there yet; then reads what only lists show. */
export async function makeObjects(client: Client, operations: Operation[], makers: Makers): Promise<Objects> {
  const ids = new Map([['tenant', makers.tenantId]])
  const makerOf = new Map<string, () => Promise<string | undefined>>(Object.entries(makers.special))
  const canonical = operations.filter(({ path, access }) => path.startsWith('/api/v1') && access !== 'public')
  const posts = canonical.filter(({ method }) => method === 'POST')

  async function call(operation: Operation): Promise<Map<string, Set<string>>> {
    const { access } = operation
    const token = access === 'admin' ? makers.admin : makers.owner
    if (token === undefined || pathNouns(operation).some((noun) => !ids.has(noun))) return new Map()
    const headers = asking(token, access === 'admin' ? undefined : makers.tenantId)
    const own = (noun: string) => ids.get(noun)
    const answer = await client.succeed(requestOf(operation, { ids: new Map(), own, word: newWord(), headers }))
    return idsOf(operation.answer, answer)
  }

  async function add(operation: Operation, nouns: string[]): Promise<void> {
    const missing = nouns.filter((noun) => !ids.has(noun))
    if (missing.length === 0) return
    const found = await call(operation)
    for (const noun of missing)
      for (const id of found.get(noun) ?? []) {
        ids.set(noun, id)
        if (operation.method === 'POST')
          makerOf.set(noun, async () => [...((await call(operation)).get(noun) ?? [])][0])
      }
  }

  for (const [noun, make] of Object.entries(makers.special)) ids.set(noun, await make())

  for (const operation of posts) await add(operation, made(operation))
  for (const operation of posts) if (operation.status === '201') await add(operation, nounsOf(operation.answer))
  for (const operation of canonical) if (operation.method === 'GET') await add(operation, nounsOf(operation.answer))

  return {
    get: (noun) => ids.get(noun),
    ids: () => [...ids.values()],
    isMakeable: (noun) => makerOf.has(noun),
    async another(noun) {
      return (await makerOf.get(noun)?.()) ?? ids.get(noun)!
    },
  }
}

/** The kind whose id the answer begins with, unless the path names one of that kind: then it was there before. */
function made(operation: Operation): string[] {
  const noun = operation.answer?.properties?.id?.['x-id-of']
  return noun === undefined || pathNouns(operation).includes(noun) ? [] : [noun]
}

function pathNouns(operation: Operation): string[] {
  return placesOf(operation)
    .filter((place) => place.in === 'path')
    .map(({ noun }) => noun ?? '')
}
