// What the verbs of this module work with.
import type { UserActor } from '../../../../core/actor.ts'
import type { Clock } from '../../../../core/clock.ts'
import type { Directory } from '../../../../drivers/ai/index.ts'
import type { Bus } from '../../../../drivers/bus/index.ts'
import type { Database, Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import type { Jobs } from '../../../../drivers/queue/index.ts'
import type { Metrics } from '../../../../drivers/telemetry/index.ts'
import type { Log } from '../../../../drivers/telemetry/log.ts'
import type { Audit } from '../../../foundation/audit/index.ts'
import type { Access } from '../../access/index.ts'
import type { Documents } from '../../documents/index.ts'
import { aiErrors } from '../ai.errors.ts'
import * as answers from '../answers.queries.ts'
import type { AiTool } from '../tools.ts'

export interface AiOptions {
  /** What the assistant says that it belongs to. */
  product: string
  defaultModel: string | undefined
  contextTokens: number
  maxOutputTokens: number
  /** Tokens a day; 0 for any number. */
  tenantTokens: number
  userTokens: number
  /** Answers of one person at once. */
  concurrency: number
  /** 0: for ever. */
  retentionSeconds: number
  firstTokenMs: number
  stallMs: number
  /** Streams of one person on this process. */
  streamsPerPerson: number
  heartbeatMs: number
}

export interface AiParts {
  database: Pick<Database, 'tenant' | 'inTenant' | 'acrossTenants'>
  bus: Bus
  clock: Clock
  log: Log
  audit: Pick<Audit, 'record'>
  jobs: Pick<Jobs, 'define'>
  metrics: Pick<Metrics, 'count' | 'observe' | 'gauge'>
  directory: Directory
  access: Pick<Access, 'titles'>
  documents: Pick<Documents, 'related'>
  tools: readonly AiTool[]
  /** The person as of now, where they may still come in and the session lives. */
  actorOf(userId: string, tenantId: string, sessionId: string): Promise<UserActor | undefined>
  options: AiOptions
}

export interface Deed {
  action: string
  targetType?: string
  targetId: string
  changes?: Record<string, unknown>
}

/** Records a use, and never what was said. */
export function record(
  { audit }: Pick<AiParts, 'audit'>,
  tx: Tx,
  actor: UserActor,
  deed: Deed,
  facts: RequestFacts,
): void {
  audit.record(tx, actor, { targetType: 'ai_conversation', ...deed }, facts)
}

/** An answer of the actor's. Throws `ai.answer_not_found`. */
export async function mustFind(
  { database }: Pick<AiParts, 'database'>,
  actor: UserActor,
  id: string,
): Promise<answers.Answer & { dead: boolean }> {
  const row = await answers.find(database.tenant(actor.tenantId), id, actor.userId)
  if (!row) throw aiErrors('ai.answer_not_found')
  return row
}
