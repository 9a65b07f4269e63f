// Answers as they leave: of the documents that one rests on only the ids are kept, and whoever reads it is shown those that they may read now.
import type { UserActor } from '../../../../core/actor.ts'
import { type Answer, type Citation, toAnswer } from '../ai.schema.ts'
import type { Answer as AnswerRow } from '../answers.queries.ts'
import type { AiParts } from './parts.ts'

type Cited = Pick<AnswerRow, 'citations'>
type Parts = Pick<AiParts, 'access' | 'database'>

/** How rows are shown to the actor, by the rights of this moment. */
export async function shownTo(
  parts: Parts,
  actor: UserActor,
  rows: readonly Cited[],
): Promise<(row: AnswerRow) => Answer> {
  const citationsOf = await citedIn(parts, actor, rows)
  return (row) => toAnswer(row, citationsOf(row))
}

/** The documents of rows that the actor may read at this moment. */
export async function citedIn(
  { access, database }: Parts,
  actor: UserActor,
  rows: readonly Cited[],
): Promise<(row: Cited) => Citation[]> {
  const ids = new Set(rows.flatMap(idsOf))
  const titles = await access.titles(database.tenant(actor.tenantId), actor, 'document', [...ids])
  return (row) =>
    idsOf(row).flatMap((documentId) => {
      const title = titles.get(documentId)
      return title === undefined ? [] : [{ documentId, title }]
    })
}

function idsOf({ citations }: Cited): string[] {
  return citations as string[]
}
