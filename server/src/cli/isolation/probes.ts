// The proof itself: whatever is asked with an id of the other tenant is asked with an id of nothing too, and the answers compared.
import type { Answer, Client } from './client.ts'
import { nameOf, type Operation, type Place, placesOf } from './document.ts'
import { exceptionOf, skipsIds } from './exceptions.ts'
import { described, type Finding, leaks, masked } from './findings.ts'
import { type Request, requestOf } from './requests.ts'
import { marksOf, type Side } from './sides.ts'
import { asking, idOfNothing, newWord } from './words.ts'

export interface Coverage {
  /** How many places are covered. */
  places: number
  exceptions: { place: string; reason: string }[]
  /** Places that nobody has an id for, and those whose requests fail before the id is looked at. */
  gaps: { place: string; why: string }[]
}

export interface Probes {
  coverage: Coverage
  pairs: number
  findings: Finding[]
  /** Median answering time with a foreign id less that with an id of nothing, in milliseconds. */
  medianDifferenceMs: number
}

/** Asks for everything of `theirs` as everybody of `mine`. */
export async function probe(client: Client, operations: Operation[], mine: Side, theirs: Side): Promise<Probes> {
  const findings: Finding[] = []
  const gaps: Coverage['gaps'] = []
  const times = { foreign: [] as number[], absent: [] as number[] }
  let pairs = 0

  async function compare(operation: Operation, places: Place[], variant: Variant, asker: string): Promise<boolean> {
    const word = newWord()
    const own = (noun: string) => mine.objects.get(noun)
    const ask = async (value: (id: string) => string) => {
      const ids = new Map<Place, string[]>()
      for (const place of places) ids.set(place, await variant(place, mine, theirs, value))
      const headers = asking(mine.people[asker]!.token, operation.access === 'admin' ? undefined : mine.tenant.id)
      const request = requestOf(operation, { ids, own, word, headers: withoutChosen(headers, places) })
      return { request, answer: await client.send(request), sent: [...ids.values()].flat() }
    }
    const absentIds = new Map<string, string>()
    const absentFor = (id: string) => {
      if (!absentIds.has(id)) absentIds.set(id, idOfNothing(id))
      return absentIds.get(id)!
    }
    // Neither side is always the first, so that the times can be compared.
    const foreignFirst = pairs++ % 2 === 0
    const first = await ask(foreignFirst ? (id) => id : absentFor)
    const second = await ask(foreignFirst ? absentFor : (id) => id)
    const [foreign, absent] = foreignFirst ? [first, second] : [second, first]
    times.foreign.push(foreign.answer.ms)
    times.absent.push(absent.answer.ms)
    const marks = marksOf(theirs)
    const what = verdict(operation, foreign, absent, marks)
    if (what)
      findings.push({
        places: places.map(nameOf),
        asker,
        what,
        request: described(foreign.request),
        answers: [foreign, absent].map(({ answer, sent }) => masked(answer, sent)),
      })
    return isLookedAt(operation, places, absent.answer)
  }

  const all = operations.flatMap((operation) => placesOf(operation))
  const excepted = all.filter((place) => exceptionOf(place) !== undefined)
  for (const operation of operations) {
    const places = placesOf(operation).filter((place) => !excepted.some((other) => nameOf(other) === nameOf(place)))
    const known = places.filter(({ noun }) => noun !== undefined && theirs.objects.get(noun) !== undefined)
    for (const place of places)
      if (!known.includes(place))
        gaps.push({
          place: nameOf(place),
          why: place.noun ? `no id of this kind is known: ${place.noun}` : 'of what it is an id is not said',
        })
    for (const asker of Object.keys(mine.people)) {
      for (const place of known)
        for (const variant of variantsFor(place)) {
          const lookedAt = await compare(operation, [place], variant, asker)
          if (asker === 'owner' && !lookedAt)
            gaps.push({ place: nameOf(place), why: 'the request is refused before the id is looked at' })
        }
      if (known.length > 1) await compare(operation, known, ALONE, asker)
    }
  }
  const missed = new Set(gaps.map(({ place }) => place))
  return {
    coverage: {
      places: all.length - excepted.length - missed.size,
      exceptions: excepted.map((place) => ({ place: nameOf(place), reason: exceptionOf(place)! })),
      gaps: gaps.filter(({ place }, at) => gaps.findIndex((other) => other.place === place) === at),
    },
    pairs,
    findings,
    medianDifferenceMs: median(times.foreign) - median(times.absent),
  }
}

type Variant = (place: Place, mine: Side, theirs: Side, value: (id: string) => string) => Promise<string[]> | string[]

const ALONE: Variant = ({ noun }, _, theirs, value) => [value(theirs.objects.get(noun!)!)]
// One that nothing else needs: what is asked may well be done to it.
const BESIDE_OWN: Variant = async ({ noun }, mine, theirs, value) => [
  await mine.objects.another(noun!),
  value(theirs.objects.get(noun!)!),
]
const BY_SLUG: Variant = (_, __, theirs, value) => [value(theirs.tenant.slug)]

function variantsFor({ in: where, keys, noun }: Place): Variant[] {
  if (keys.includes('[]')) return [ALONE, BESIDE_OWN]
  return where === 'header' && noun === 'tenant' ? [ALONE, BY_SLUG] : [ALONE]
}

/** A header that is under proof replaces the one that every request carries. */
function withoutChosen(headers: Record<string, string>, places: Place[]): Record<string, string> {
  const chosen = places.filter((place) => place.in === 'header').map(({ keys }) => keys[0]!.toLowerCase())
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !chosen.includes(name)))
}

interface Asked {
  request: Request
  answer: Answer
  sent: string[]
}

function verdict(operation: Operation, foreign: Asked, absent: Asked, marks: string[]): Finding['what'] | undefined {
  const { method } = operation
  if (foreign.answer.status >= 500 || absent.answer.status >= 500) return 'failed'
  if (masked(foreign.answer, foreign.sent) !== masked(absent.answer, absent.sent)) return 'differs'
  if ([foreign, absent].some(({ answer, sent }) => leaks(answer, marks, sent))) return 'leaks'
  return foreign.answer.status < 300 && method !== 'GET' && !skipsIds(operation) ? 'accepted' : undefined
}

/** Whether the answer is about the id: not found, a fault of that field, an empty list, or a door that no id opens. */
function isLookedAt({ access }: Operation, places: Place[], { status, text }: Answer): boolean {
  if (access === 'admin') return status === 401 || status === 403
  if (status === 404 || status < 300) return true
  return status >= 400 && status < 500 && places.some(({ keys }) => text.includes(keys[0]!))
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
