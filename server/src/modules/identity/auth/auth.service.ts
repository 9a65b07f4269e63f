// Signing in and everything around it.
import type { UserActor } from '../../../core/actor.ts'
import type { Database } from '../../../drivers/database/index.ts'
import { boundTo } from '../tenants/index.ts'
import type { Me } from './auth.schema.ts'
import { type Addresses, createAddresses } from './service/addresses.ts'
import { createLetters } from './service/letters.ts'
import { createMeReader } from './service/me.ts'
import type { AuthParts } from './service/parts.ts'
import { createRecovery, type Recovery } from './service/recovery.ts'
import { createRegistering, type Registering } from './service/registration.ts'
import { createSecondFactor, type SecondFactor } from './service/second-factor.ts'
import { createSignIn, type SignIn } from './service/sign-in.ts'

export interface Auth extends Omit<SignIn, 'admit' | 'answerOf'>, SecondFactor, Recovery, Registering, Addresses {
  me(actor: UserActor): Promise<Me>
  /** Makes the jobs of signing in known to this process. */
  defineJobs(): void
}

export function createAuth(parts: AuthParts & { database: Database }): Auth {
  const me = createMeReader(parts)
  const letters = createLetters(parts)
  const signIn = createSignIn(parts, me)
  const addresses = createAddresses(parts)
  const registering = createRegistering(parts, signIn, letters)
  return {
    ...signIn,
    ...createSecondFactor(parts, signIn),
    ...createRecovery(parts, letters),
    ...registering,
    ...addresses,
    me: async (actor) => {
      const known = await me.read(actor)
      const only = boundTo(actor)
      if (only === undefined) return known
      const tenants = known.tenants.filter(({ id }) => id === only)
      return { ...known, tenants, ...(actor.impersonatorId !== undefined && { impersonated: true }) }
    },
    defineJobs() {
      letters.defineJobs()
      addresses.defineJobs()
    },
  }
}
