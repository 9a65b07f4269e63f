// Signing in and everything around it.
import type { UserActor } from '../../../core/actor.ts'
import type { Database } from '../../../drivers/database/index.ts'
import type { Me } from './auth.schema.ts'
import { createMeReader } from './service/me.ts'
import type { AuthParts } from './service/parts.ts'
import { createRecovery, type Recovery } from './service/recovery.ts'
import { createRegistering, type Registering } from './service/registration.ts'
import { createSignIn, type SignIn } from './service/sign-in.ts'

export interface Auth extends Omit<SignIn, 'admit'>, Recovery, Registering {
  me(actor: UserActor): Promise<Me>
}

export function createAuth(parts: AuthParts & { database: Database }): Auth {
  const me = createMeReader(parts)
  const signIn = createSignIn(parts, me)
  return { ...signIn, ...createRecovery(parts), ...createRegistering(parts, signIn, me), me: (actor) => me.read(actor) }
}
