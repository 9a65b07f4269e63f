// Permissions are `resource:verb`; the granted side may hold wildcards, the asked side never.

export type Permission = string

const SHAPE = /^(?:\*|\*:\*|[a-z][a-z0-9_-]*:(?:\*|[a-z][a-z0-9_-]*)|\*:[a-z][a-z0-9_-]*)$/

/** True for `*`, `*:*`, `users:*`, `*:view` and `users:view`. */
export function isPermission(text: string): boolean {
  return text.length <= 100 && SHAPE.test(text)
}

/** Whether one granted permission covers the asked one. Whole segments only, case-sensitive. */
export function covers(granted: Permission, asked: Permission): boolean {
  if (granted === asked || granted === '*' || granted === '*:*') return true
  const [grantedResource, grantedVerb] = split(granted)
  const [askedResource, askedVerb] = split(asked)
  if (grantedVerb === undefined || askedVerb === undefined) return false
  return (
    (grantedResource === '*' || grantedResource === askedResource) && (grantedVerb === '*' || grantedVerb === askedVerb)
  )
}

/** The first of the granted permissions that covers the asked one. */
export function grantFor(granted: Iterable<Permission>, asked: Permission): Permission | undefined {
  for (const one of granted) if (covers(one, asked)) return one
  return undefined
}

function split(permission: Permission): [string, string | undefined] {
  const parts = permission.split(':')
  return parts.length === 2 ? [parts[0]!, parts[1]] : [permission, undefined]
}
