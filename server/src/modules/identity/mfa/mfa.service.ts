// Second factors: authenticators, recovery codes, the second half of signing in, and who needs them.
import { type Challenges, createChallenges } from './service/challenges.ts'
import { createFactors, type Factors } from './service/factors.ts'
import type { MfaParts } from './service/parts.ts'
import { createProving, type Proving } from './service/proving.ts'
import { createRequirements, type Requirements } from './service/requirement.ts'

export type Mfa = Factors & Proving & Challenges & Requirements

export function createMfa(parts: MfaParts): Mfa {
  const proving = createProving(parts)
  const requirements = createRequirements(parts)
  return { ...createFactors(parts, proving, requirements), ...proving, ...createChallenges(parts), ...requirements }
}
