// What is answered where no route is: 405 with the methods that the address does have (RFC 9110, 15.5.6), or else 404.
import { type Problem, requestErrors } from '../../core/errors.ts'

interface Address {
  segments: readonly string[]
  methods: Set<string>
}

type Served = readonly { method: string; url: string }[]

/** A function that tells why a request met no route. It reads what is served when it is first asked. */
export function refusalWhere(served: Served): (url: string) => Problem {
  let bySize: ReadonlyMap<number, readonly Address[]> | undefined
  return (url) => {
    bySize ??= addressesOf(served)
    const methods = methodsAt(url, bySize)
    return methods.length
      ? requestErrors('request.method_not_allowed', { facts: { allowed: methods } })
      : requestErrors('request.not_found')
  }
}

function addressesOf(served: Served): Map<number, Address[]> {
  const addresses = new Map<string, Address>()
  for (const { method, url } of served) {
    const known = addresses.get(url)
    if (known) known.methods.add(method)
    else addresses.set(url, { segments: url.split('/'), methods: new Set([method]) })
  }
  return Map.groupBy(addresses.values(), ({ segments }) => segments.length)
}

/** As the router reads an address: decoded after it is split, up to the query or a fragment. Nothing is called by an empty name. */
function methodsAt(url: string, bySize: ReadonlyMap<number, readonly Address[]>): string[] {
  const parts = url.split(/[?#]/, 1)[0]!.split('/')
  const candidates = bySize.get(parts.length) ?? []
  const segments = candidates.length ? parts.map(decoded) : []
  const fits = (at: string, i: number) => (at.startsWith(':') ? segments[i] !== '' : at === segments[i])
  const found = candidates.filter((one) => one.segments.every(fits))
  return [...new Set(found.flatMap(({ methods }) => [...methods]))].sort()
}

/** What cannot be decoded stays as it is, and is called like nothing that is served. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
