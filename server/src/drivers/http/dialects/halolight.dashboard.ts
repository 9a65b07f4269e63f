// What HaloLight's dashboard reads: numbers and texts that are there, also where the viewer may not know them.
import type { Route } from '../routes.ts'

type Json = Record<string, unknown>

const LISTS = 'visits sales products orders activities pie tasks'
/** Lists that it iterates without unwrapping. */
export const BARE_DASHBOARD = LISTS.split(' ').map((name) => `dashboard.${name}`)

/** Fields of lists that it takes for texts or for numbers. */
const NEVER_NULL: Record<string, Json> = {
  'dashboard.products': { stock: 0, image: '' },
  'dashboard.activities': { user: '', avatar: '', target: '' },
  'dashboard.tasks': { description: '' },
}

/** A figure that is not for the viewer to know is none: it formats whatever comes. */
export function presentDashboard({ operation }: Route, answer: Json): Json {
  const isFigures = operation === 'dashboard.stats' || operation === 'dashboard.overview'
  const without = NEVER_NULL[operation]
  if (!isFigures && !without) return answer
  return Object.fromEntries(
    Object.entries(answer).map(([key, value]) => [
      key,
      value ?? (isFigures && key !== 'conversionAsOf' ? 0 : (without?.[key] ?? null)),
    ]),
  )
}
