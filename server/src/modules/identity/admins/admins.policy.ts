// Who may make an account of the back office.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Actor } from '../../../core/actor.ts'
import { requestErrors } from '../../../core/errors.ts'
import { adminErrors } from './admins.errors.ts'

/** Another admin may, and whoever holds the installation's bootstrap token, if it has one. Nobody else, not even the first. */
export function mustRegister(actor: Actor, presented: string | undefined, bootstrapToken: string | undefined): void {
  if (actor.kind === 'admin') return
  if (presented === undefined) throw requestErrors('access.unauthenticated')
  if (bootstrapToken === undefined || !isSame(presented, bootstrapToken)) throw adminErrors('admins.bootstrap_refused')
}

// Hashes have one length: the comparison tells neither the token nor how long it is.
function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}
