// Which model answers: the one that somebody chose, and no other in its place; the first there is only where nobody chose.
import { invalidField } from '../../../../core/errors.ts'
import type { Directory, ModelEntry } from '../../../../drivers/ai/index.ts'
import { aiErrors } from '../ai.errors.ts'

export interface Choice {
  /** Named by the caller. */
  named: string | undefined
  /** Chosen before the caller asked, by whoever comes first: the model of the answer that is written again, the tenant's, the operator's. */
  chosen: readonly (string | null | undefined)[]
}

/**
 * Finds it. Throws 422 where the caller names what there is not; `ai.model_unavailable` where what was chosen is not there, or nobody
 * can say; `ai.no_model` where nobody chose and there is none.
 */
export async function modelFor(directory: Directory, { named, chosen }: Choice): Promise<ModelEntry> {
  if (named !== undefined) return namedModel(directory, named, 'model')
  const wanted = chosen.find(Boolean)
  if (!wanted) return firstOf(directory)
  const entry = await directory.find(wanted)
  if (!entry) throw aiErrors('ai.model_unavailable', { retryAfter: 10 })
  return entry
}

/** A model that a request names in one of its fields. */
export async function namedModel(directory: Directory, name: string, field: string): Promise<ModelEntry> {
  const entry = await directory.find(name)
  if (entry) return entry
  if (await directory.isDoubtful(name)) throw aiErrors('ai.model_unavailable', { retryAfter: 10 })
  throw invalidField(field, 'unknown_model', 'There is no such model.')
}

async function firstOf(directory: Directory): Promise<ModelEntry> {
  const { models } = await directory.list()
  const entry = models.find(({ available }) => available) ?? models[0]
  if (!entry) throw aiErrors('ai.no_model', { retryAfter: 10 })
  return entry
}
