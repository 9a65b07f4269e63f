// Every read and write that the documents describe, of one's own objects: what they show or change beyond them is found here and
// in the other tenant's rows.
import type { Client } from './client.ts'
import { type Operation, placesOf } from './document.ts'
import { described, type Finding, leaks, masked } from './findings.ts'
import { requestOf } from './requests.ts'
import { marksOf, type Person, type Side } from './sides.ts'
import { asking, newWord } from './words.ts'

// A second mail to one address has to wait for a minute: not worth it.
const PATIENCE_SECONDS = 20

/** Does them; answers how many were successes. What the rest needs is ended last. */
export async function writeToOwn(
  client: Client,
  operations: Operation[],
  side: Side,
  chosen: (operation: Operation) => boolean = () => true,
): Promise<number> {
  const writes = operations
    .filter(({ path, method, access }) => path.startsWith('/api/v1') && method !== 'GET' && isForUsers(access))
    .filter(chosen)
    .sort((a, b) => harmOf(a, side) - harmOf(b, side))
  let done = 0
  for (const operation of writes) {
    const { status } = await client.send(await ownRequest(operation, side), PATIENCE_SECONDS)
    if (status < 300) done++
  }
  return done
}

/** Reads all that everybody of `mine` may read; answers what of `theirs` stood there. */
export async function readOwn(client: Client, operations: Operation[], mine: Side, theirs: Side): Promise<Finding[]> {
  const findings: Finding[] = []
  const marks = marksOf(theirs)
  for (const operation of operations.filter(({ method, access }) => method === 'GET' && isForUsers(access)))
    for (const asker of Object.keys(mine.people)) {
      const headers = asking(mine.people[asker]!.token, mine.tenant.id)
      const own = (noun: string) => mine.objects.get(noun)
      const request = requestOf(operation, { ids: new Map(), own, word: newWord(), headers })
      const answer = await client.send(request)
      if (!leaks(answer, marks, [])) continue
      const place = `${operation.method} ${operation.path}`
      findings.push({
        places: [place],
        asker,
        what: 'leaks',
        request: described(request),
        answers: [masked(answer, [])],
      })
    }
  return findings
}

// Second factors are the owner's; what else ends or changes an account is done by somebody new.
const IS_ABOUT_ONESELF = /^\/api\/v1\/(auth\/(?!mfa)|users\/me)/

async function ownRequest(operation: Operation, side: Side) {
  const places = placesOf(operation).filter((place) => place.in === 'path' || place.keys.includes('[]'))
  const last = places.findLast(({ noun }) => noun !== 'tenant')
  // What is done to it may end it: never to one that another request needs, nor by somebody who is needed.
  const ids = new Map(last?.noun ? [[last, [await side.objects.another(last.noun)]]] : [])
  const who: Person = IS_ABOUT_ONESELF.test(operation.path) && !last ? await side.newMember() : side.people.owner!
  const headers = asking(who.token, side.tenant.id)
  const own = (noun: string) => side.objects.get(noun)
  return requestOf(operation, { ids, own, word: newWord(), headers, secret: who.password })
}

function isForUsers(access: string): boolean {
  return access !== 'public' && access !== 'admin'
}

/** 0 for what others are not touched by; then the end of all factors, of the tenant, and of the owner's session. */
export function harmOf(operation: Operation, { objects }: Side): number {
  if (/\/disable$/.test(operation.path)) return 1
  if (operation.method !== 'DELETE') return 0
  const nouns = placesOf(operation).flatMap(({ in: where, noun }) => (where === 'path' && noun ? [noun] : []))
  const last = nouns.at(-1)
  if (last === undefined || objects.isMakeable(last)) return 0
  return last === 'tenant' ? 2 : 3
}
