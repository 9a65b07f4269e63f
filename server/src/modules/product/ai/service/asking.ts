// Asking: what a model is told is put together, paid for in advance and begun; the answer is followed from its table like by anybody else.
import type { UserActor } from '../../../../core/actor.ts'
import { eitherOf, invalidField } from '../../../../core/errors.ts'
import { newId } from '../../../../core/ids.ts'
import type { ModelEntry } from '../../../../drivers/ai/index.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts, Streaming } from '../../../../drivers/http/index.ts'
import { aiErrors } from '../ai.errors.ts'
import { type Again, type Ask, modelId } from '../ai.schema.ts'
import * as answers from '../answers.queries.ts'
import * as conversations from '../conversations.queries.ts'
import { type Passage, type Prompt, promptOf } from '../prompt.ts'
import { tokensAbout } from '../tokens.ts'
import { offered } from '../tools.ts'
import { type Granted, grant, type Limits, limitsOf } from './budget.ts'
import type { ChosenBy } from './chosen.ts'
import { endDead } from './ending.ts'
import { RUNNER } from './following.ts'
import { modelFor } from './models.ts'
import { type AiParts, mustFind, record } from './parts.ts'
import type { Running } from './running.ts'

export interface Asked {
  id: string
}

export interface Caller {
  actor: UserActor
  facts: RequestFacts
  /** Decides again whether the caller may ask. */
  streaming: Pick<Streaming, 'readmit'>
}

export interface Asking {
  /** Asks a model; the answer is being written when this resolves. */
  ask(caller: Caller, body: Ask): Promise<Asked>
  /** Has the last answer of a conversation written again, in the place of the one that there is. */
  again(caller: Caller, answerId: string, body: Again): Promise<Asked>
}

/** How far back a conversation is read; how much of it is told is a matter of room. */
const MAX_TURNS = 50
const MAX_PASSAGES = 5
const TITLE_LENGTH = 80

interface Wanted {
  question: string
  model: string | undefined
  conversationId: string | undefined
  knowledge: boolean | undefined
  useTools: boolean
  /** The model of the answer whose place it takes. */
  lastModel?: string
  /** The answer whose place it takes. */
  replaces?: string
}

interface Prepared {
  entry: ModelEntry
  prompt: Prompt
  limits: Limits
}

export function createAsking(parts: AiParts & { chosenBy: ChosenBy }, running: Pick<Running, 'start'>): Asking {
  const { database, chosenBy, directory, documents, options } = parts

  async function passagesFor(actor: UserActor, question: string): Promise<Passage[]> {
    const found = await documents.related(actor, question, MAX_PASSAGES)
    return found.map(({ id, title, passage }) => ({ documentId: id, title, text: passage }))
  }

  /** Everything that is read before anything is written. */
  async function prepare(actor: UserActor, wanted: Wanted): Promise<Prepared> {
    const db = database.tenant(actor.tenantId)
    const { conversationId, question, replaces } = wanted
    const [chosen, conversation, before] = await Promise.all([
      chosenBy(actor.tenantId),
      conversationId === undefined ? undefined : conversations.find(db, conversationId, actor.userId),
      conversationId === undefined ? [] : answers.latest(db, conversationId, MAX_TURNS),
    ])
    if (conversationId !== undefined && !conversation) throw aiErrors('ai.conversation_not_found')
    if (directory.isEmpty) throw aiErrors('ai.no_provider')
    const [entry, passages] = await Promise.all([
      modelFor(directory, {
        named: wanted.model,
        chosen: [wanted.lastModel, chosen?.defaultModel, options.defaultModel],
      }),
      (wanted.knowledge ?? chosen?.knowledge ?? true) ? passagesFor(actor, question) : [],
    ])
    const tools = wanted.useTools
      ? offered(parts.tools, () => actor, { cited: () => undefined, room: () => 0, take: () => undefined })
      : []
    const prompt = promptOf({
      product: options.product,
      instructions: chosen?.systemPrompt ?? null,
      question,
      before: before.filter(({ id }) => id !== replaces),
      passages,
      toolTokens: tools.reduce(
        (sum, { description, schema }) => sum + tokensAbout(description + JSON.stringify(schema)),
        0,
      ),
      maxTokens: options.contextTokens - options.maxOutputTokens,
    })
    return { entry, prompt, limits: limitsOf(chosen, options) }
  }

  /** Throws where the person has as many answers being written as may be, or one in the same conversation. */
  async function mustBeFree(tx: Tx, actor: UserActor, conversationId: string | undefined): Promise<void> {
    const running = (await answers.listRunning(tx, actor.userId)).filter(({ dead }) => !dead)
    if (running.some((one) => one.conversationId === conversationId)) throw aiErrors('ai.still_writing')
    if (running.length >= options.concurrency) throw aiErrors('ai.too_many_answers', { retryAfter: 5 })
  }

  async function begin({ actor, facts, streaming }: Caller, wanted: Wanted): Promise<Asked> {
    const askedAt = performance.now()
    const { entry, prompt, limits } = await prepare(actor, wanted)
    const model = await directory.open(entry)
    if (!model) throw aiErrors('ai.no_model')
    const answerId = newId()
    const granted = Promise.withResolvers<Granted>()
    const kept = Promise.withResolvers<boolean>()
    const again = () => againOf(actor, streaming)
    const { useTools } = wanted
    const { provider } = entry
    const order = {
      answerId,
      actor,
      again,
      model,
      provider,
      prompt,
      granted: granted.promise,
      limits,
      useTools,
      askedAt,
    }
    // The model is asked as soon as its budget has room, and thinks while that is written down. Nothing of it is told before it is kept.
    running.start(order, kept.promise)
    try {
      await database.inTenant(actor.tenantId, async (tx) => {
        if (wanted.conversationId !== undefined) await mustReplace(tx, actor, wanted)
        const share = await grant(tx, actor.userId, limits, { input: prompt.tokens, output: options.maxOutputTokens })
        // After the lock of the person's budget: two that come at once are both counted.
        await mustBeFree(tx, actor, wanted.conversationId)
        granted.resolve(share)
        const conversationId = wanted.conversationId ?? newId()
        await answers.insert(tx, newAnswer({ answerId, conversationId, actor, wanted, entry, prompt, granted: share }))
        const changes = { answerId, model: entry.id, inputTokens: prompt.tokens, documents: prompt.citations.length }
        const action = wanted.replaces === undefined ? 'ai.ask' : 'ai.regenerate'
        record(parts, tx, actor, { action, targetId: conversationId, changes }, facts)
      })
      kept.resolve(true)
    } catch (error) {
      kept.resolve(false)
      granted.reject(error)
      throw error
    }
    return { id: answerId }
  }

  /** The person by the rights of now; undefined where they have none any more. */
  async function againOf(actor: UserActor, streaming: Caller['streaming']): Promise<UserActor | undefined> {
    const { userId, tenantId, sessionId } = actor
    // A session outlives the token that it was shown with; a personal token is what it is.
    if (sessionId !== undefined) return parts.actorOf(userId, tenantId, sessionId)
    return streaming.readmit().then(
      (admitted) => admitted.actor as UserActor,
      () => undefined,
    )
  }

  return {
    async ask(caller, { query, message, model, conversationId, knowledge, tools = true }) {
      const question = eitherOf(query, message, 'message')?.trim()
      if (!question) throw invalidField('query', 'missing', 'Ask something.')
      return begin(caller, { question, model, conversationId, knowledge, useTools: tools })
    },

    async again(caller, answerId, { model, knowledge, tools }) {
      const { actor } = caller
      const find = () => mustFind(parts, actor, answerId)
      let before = await find()
      if (before.dead) {
        await endDead(parts, actor.tenantId, answerId)
        before = await find()
      } else if (before.state === 'running') throw aiErrors('ai.still_writing')
      const { question, conversationId, replaces } = before
      // An answer that took nobody's place is written again in the place that it was to take.
      const place = before.replacedAt ? replaces : answerId
      if (place === null) throw aiErrors('ai.not_last')
      return begin(caller, {
        question,
        conversationId,
        knowledge: knowledge ?? before.knowledge ?? undefined,
        useTools: tools ?? before.tools,
        model,
        lastModel: modelId(before),
        replaces: place,
      })
    },
  }
}

/** Locks the conversation; of an answer that is to be replaced it has to be the last. */
async function mustReplace(tx: Tx, actor: UserActor, { conversationId, replaces }: Wanted): Promise<void> {
  if (!(await conversations.lock(tx, conversationId!, actor.userId))) throw aiErrors('ai.conversation_not_found')
  if (replaces === undefined) return
  const [last] = await answers.latest(tx, conversationId!, 1)
  if (last?.id !== replaces) throw aiErrors('ai.not_last')
}

function newAnswer(of: {
  answerId: string
  conversationId: string
  actor: UserActor
  wanted: Wanted
  entry: ModelEntry
  prompt: Prompt
  granted: Granted
}): answers.NewAnswer {
  const { answerId, conversationId, actor, wanted, entry, prompt, granted } = of
  return {
    id: answerId,
    conversationId,
    userId: actor.userId,
    question: wanted.question,
    knowledge: wanted.knowledge ?? null,
    tools: wanted.useTools,
    replaces: wanted.replaces ?? null,
    provider: entry.provider,
    model: entry.name,
    citations: prompt.citations,
    inputTokens: prompt.tokens,
    title: wanted.conversationId === undefined ? titleOf(wanted.question) : undefined,
    reserved: prompt.tokens + granted.output,
    day: granted.day,
    runner: RUNNER,
  }
}

function titleOf(question: string): string {
  const [line = ''] = question.split('\n', 1)
  const characters = [...line.trim()]
  return characters.length <= TITLE_LENGTH ? characters.join('') : `${characters.slice(0, TITLE_LENGTH - 1).join('')}…`
}
