// Conversations and what was said in them: everybody has their own.
import type { UserActor } from '../../../../core/actor.ts'
import { newId } from '../../../../core/ids.ts'
import { type Page, pageAt } from '../../../../core/page.ts'
import { normalizeName } from '../../../../core/text.ts'
import { AI_ANSWERS_ENDED } from '../../../../core/topics.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { aiErrors } from '../ai.errors.ts'
import {
  type Answer,
  type Conversation,
  type ConversationQuery,
  type HistoryQuery,
  type NewConversation,
  toConversation,
} from '../ai.schema.ts'
import * as answers from '../answers.queries.ts'
import * as queries from '../conversations.queries.ts'
import { shownTo } from './citing.ts'
import { endDead, endHeld } from './ending.ts'
import { type AiParts, mustFind, record } from './parts.ts'

export interface Conversing {
  list(actor: UserActor, query: ConversationQuery): Promise<Page<Conversation>>
  get(actor: UserActor, id: string): Promise<Conversation>
  /** Begins one with nothing in it. */
  create(actor: UserActor, body: NewConversation, facts: RequestFacts): Promise<Conversation>
  rename(actor: UserActor, id: string, title: string, facts: RequestFacts): Promise<Conversation>
  /** Removes it with everything that was said; what is being written in it ends. */
  remove(actor: UserActor, id: string, facts: RequestFacts): Promise<void>
  /** The same with all of one's conversations, or with one; answers how many there were. */
  clear(actor: UserActor, id: string | undefined, facts: RequestFacts): Promise<number>
  /** Questions and answers, the latest first. */
  history(actor: UserActor, query: HistoryQuery): Promise<Page<Answer>>
  answer(actor: UserActor, id: string): Promise<Answer>
  /** Ends an answer with what there is of it; one that has ended stays as it is. */
  stop(actor: UserActor, id: string, facts: RequestFacts): Promise<Answer>
}

const NEW_TITLE = 'New conversation'

export function createConversing(parts: AiParts): Conversing {
  const { database, bus } = parts

  async function removeSome(actor: UserActor, id: string | undefined, facts: RequestFacts): Promise<number> {
    return database.inTenant(actor.tenantId, async (tx) => {
      const running = await answers.listRunning(tx, actor.userId)
      const ids = await queries.remove(tx, actor.userId, id)
      if (id !== undefined && ids.length === 0) throw aiErrors('ai.conversation_not_found')
      if (ids.length > 0) await tellEnded(tx, running, new Set(ids))
      const changes = id === undefined ? { conversations: ids.length } : undefined
      const deed = { action: id === undefined ? 'ai.clear' : 'ai.delete', targetId: id ?? actor.userId }
      const about = id === undefined ? { targetType: 'user' } : {}
      record(parts, tx, actor, { ...deed, ...about, ...(changes && { changes }) }, facts)
      return ids.length
    })
  }

  async function tellEnded(
    tx: Tx,
    running: readonly { id: string; conversationId: string }[],
    removed: ReadonlySet<string>,
  ): Promise<void> {
    const answerIds = running.filter(({ conversationId }) => removed.has(conversationId)).map(({ id }) => id)
    if (answerIds.length > 0) await bus.publish(tx, AI_ANSWERS_ENDED, { answerIds: answerIds.join(' ') })
  }

  const shown = async (actor: UserActor, row: answers.Answer) => (await shownTo(parts, actor, [row]))(row)

  return {
    async list(actor, query) {
      const db = database.tenant(actor.tenantId)
      const page = pageAt(query, 'time')
      const [rows, total] = await Promise.all([
        queries.list(db, actor.userId, query.search, page.place),
        queries.count(db, actor.userId, query.search),
      ])
      return page.answer(rows, total, toConversation)
    },

    async get(actor, id) {
      const row = await queries.find(database.tenant(actor.tenantId), id, actor.userId)
      if (!row) throw aiErrors('ai.conversation_not_found')
      return toConversation(row)
    },

    create: (actor, { title: sent = NEW_TITLE }, facts) =>
      database.inTenant(actor.tenantId, async (tx) => {
        const [id, title] = [newId(), normalizeName(sent, 'title')]
        await queries.insert(tx, { id, userId: actor.userId, title })
        record(parts, tx, actor, { action: 'ai.create', targetId: id }, facts)
        return toConversation((await queries.find(tx, id, actor.userId))!)
      }),

    rename: (actor, id, sent, facts) =>
      database.inTenant(actor.tenantId, async (tx) => {
        const title = normalizeName(sent, 'title')
        const before = await queries.lock(tx, id, actor.userId)
        if (!before) throw aiErrors('ai.conversation_not_found')
        if (before.title !== title) {
          await queries.rename(tx, id, title)
          // A title is made of the question: what was said is nobody's in the audit trail.
          record(parts, tx, actor, { action: 'ai.edit', targetId: id, changes: { fields: ['title'] } }, facts)
        }
        return toConversation({ ...before, title })
      }),

    async remove(actor, id, facts) {
      await removeSome(actor, id, facts)
    },
    clear: removeSome,

    async history(actor, query) {
      const db = database.tenant(actor.tenantId)
      const { conversationId } = query
      if (conversationId !== undefined && !(await queries.find(db, conversationId, actor.userId)))
        throw aiErrors('ai.conversation_not_found')
      const page = pageAt(query, 'time')
      const [rows, total] = await Promise.all([
        answers.list(db, actor.userId, conversationId, page.place),
        answers.count(db, actor.userId, conversationId),
      ])
      return page.answer(rows, total, await shownTo(parts, actor, rows))
    },

    async answer(actor, id) {
      const row = await mustFind(parts, actor, id)
      if (!row.dead) return shown(actor, row)
      await endDead(parts, actor.tenantId, id)
      return shown(actor, await mustFind(parts, actor, id))
    },

    async stop(actor, id, facts) {
      const { conversationId } = await mustFind(parts, actor, id)
      await database.inTenant(actor.tenantId, async (tx) => {
        const held = await answers.hold(tx, id)
        if (!held) return
        await endHeld(parts, tx, held, { state: 'stopped', reason: 'stopped' })
        record(parts, tx, actor, { action: 'ai.stop', targetId: conversationId, changes: { answerId: id } }, facts)
      })
      return shown(actor, await mustFind(parts, actor, id))
    },
  }
}
