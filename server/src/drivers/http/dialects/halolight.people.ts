// What HaloLight's front ends send and read of people.
import type { Route } from '../routes.ts'

type Json = Record<string, unknown>

/** Null says nothing of what an account cannot be without. A picture is uploaded: the address of one, sent back, changes nothing. */
export function acceptPerson({ operation }: Route, part: 'body' | 'query', sent: Json): void {
  if (part !== 'body' || (operation !== 'users.update' && operation !== 'users.replace')) return
  for (const key of ['name', 'email', 'username', 'password', 'status', 'roleId'])
    if (sent[key] === null) delete sent[key]
  if (typeof sent.avatar === 'string') delete sent.avatar
}

/**
 * Its adapter walks through the permissions of each role that it finds, and breaks where there are none to walk through. What
 * the roles of other people grant is what the roles themselves answer.
 */
export function presentPerson({ operation }: Route, answer: Json): Json {
  if (!operation.startsWith('users.')) return answer
  if (Array.isArray(answer.data)) return { ...answer, data: (answer.data as Json[]).map(withWalkableRoles) }
  return withWalkableRoles(answer)
}

function withWalkableRoles(person: Json): Json {
  if (!Array.isArray(person.roles)) return person
  return { ...person, roles: (person.roles as Json[]).map((role) => ({ permissions: [], ...role })) }
}
