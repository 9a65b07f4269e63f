// The end of an answer, whoever brings it about: its process, a person who stops it, or another process that finds its own one dead.
import { AI_ANSWERS_ENDED } from '../../../../core/topics.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import { aiErrors, type EndCode } from '../ai.errors.ts'
import * as answers from '../answers.queries.ts'
import * as usage from '../usage.queries.ts'
import type { AiParts } from './parts.ts'

/** Ends a held answer in its transaction; answers the last piece, which whoever follows it is told after the commit. */
export async function endHeld(
  { bus }: Pick<AiParts, 'bus'>,
  tx: Tx,
  held: answers.Held,
  ending: answers.Ending,
): Promise<answers.Chunk> {
  const { id, userId, day, reserved, replaces } = held
  const { inputTokens, outputTokens, lastNumber } = await answers.end(tx, id, ending)
  if (replaces !== null) await answers.takePlace(tx, id, replaces)
  const last = { number: lastNumber + 1, ...lastOf({ ...ending, inputTokens, outputTokens }) }
  await answers.appendLast(tx, id, last)
  await usage.lockDay(tx, day, userId)
  await usage.settle(tx, { day, userId, reserved, used: inputTokens + outputTokens })
  await bus.publish(tx, AI_ANSWERS_ENDED, { answerIds: id })
  return last
}

/** Ends an answer whose process is dead; nothing where it is not, or has ended. */
export async function endDead(
  parts: Pick<AiParts, 'bus' | 'database' | 'log'>,
  tenantId: string,
  id: string,
): Promise<void> {
  await parts.database.inTenant(tenantId, async (tx) => {
    const held = await answers.hold(tx, id)
    if (!held?.dead) return
    await endHeld(parts, tx, held, { state: 'broken', reason: 'ai.broken_off' })
    parts.log.warn(
      { answerId: id, runner: held.runner },
      'the process that wrote an answer is dead: what there is was kept',
    )
  })
}

/** The last piece of an answer that ended: complete or stopped by somebody, or the error that it ended with. */
export function lastOf({
  state,
  reason,
  inputTokens,
  outputTokens,
}: Pick<answers.Answer, 'state' | 'reason' | 'inputTokens' | 'outputTokens'>): Omit<answers.Chunk, 'number'> {
  const isWhole = state === 'done' || state === 'stopped'
  const usage = { inputTokens, outputTokens }
  const data = isWhole ? { state, reason, usage } : { state, ...wordsOf(reason as EndCode), usage }
  return { kind: isWhole ? 'done' : 'error', text: '', data, tokens: outputTokens }
}

function wordsOf(end: EndCode): { code: string; message: string } {
  const { code, message } = aiErrors(end)
  return { code, message }
}
