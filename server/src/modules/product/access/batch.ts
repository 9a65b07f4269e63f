// Deleting several items in one transaction, each by its own right: what is refused is said of each.
import Type, { type Static } from 'typebox'
import { Problem } from '../../../core/errors.ts'
import { IdOf } from '../../../drivers/http/index.ts'

export const batchResult = (kind: string, title = titleOf(kind)) =>
  Type.Object(
    {
      message: Type.String(),
      deletedCount: Type.Integer(),
      results: Type.Array(
        Type.Object({
          id: IdOf(kind),
          deleted: Type.Boolean(),
          code: Type.Optional(Type.String({ description: 'Why not.' })),
        }),
      ),
    },
    { title },
  )
export type BatchResult = Static<ReturnType<typeof batchResult>>

const titleOf = (kind: string) => `${kind[0]!.toUpperCase()}${kind.slice(1)}sDeleted`

/** One after the other in an order that all batches keep, so that two never wait for each other in a circle; told in the order asked. */
export async function deleteEach(
  kind: string,
  ids: readonly string[],
  remove: (id: string) => Promise<void>,
  { done = 'put into the trash', inOrder = [...ids].sort() }: { done?: string; inOrder?: readonly string[] } = {},
): Promise<BatchResult> {
  const results = new Map<string, BatchResult['results'][number]>()
  for (const id of inOrder)
    try {
      await remove(id)
      results.set(id, { id, deleted: true })
    } catch (error) {
      // What has failed is no refusal of this item: then nothing is done at all.
      if (!(error instanceof Problem) || error.kind === 'unavailable') throw error
      results.set(id, { id, deleted: false, code: error.code })
    }
  const deletedCount = [...results.values()].filter(({ deleted }) => deleted).length
  const message = `${deletedCount} of ${ids.length} ${kind}s were ${done}.`
  return { message, deletedCount, results: ids.map((id) => results.get(id)!) }
}
