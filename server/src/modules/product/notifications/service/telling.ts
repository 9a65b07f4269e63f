// From events to notifications: one job for each event, whose effect happens once.
import type { Fact } from '../../../../core/events.ts'
import { newId } from '../../../../core/ids.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import { type SubscriberRun, subscriberJob } from '../../../foundation/events/index.ts'
import { notificationCreated, notificationsRead } from '../notifications.events.ts'
import { linkOf, RULES, type Rule, subjectOf, type Told, USUAL, WITHOUT_MAIL } from '../rules.ts'
import * as queries from '../telling.queries.ts'
import { languageOf, say } from '../words.ts'
import { mailJob } from './mailing.ts'
import type { NotificationParts } from './parts.ts'

export const tellJob = subscriberJob('notifications.tell')

const system = { kind: 'system', name: 'notifications' } as const

/** What happens in a conversation settles what was told of it. */
const SETTLING = ['conversations.read', 'conversations.left']

/** Told in the transaction that sends it: whoever finds a message unread finds its notification too. */
const AT_ONCE = 'messages.sent'

export function subscribeNotifications(parts: NotificationParts): void {
  const { events, jobs, messages, definitions, options } = parts
  const words = languageOf(options.defaultLocale)

  async function tell(tx: Tx, rule: Rule, fact: Told): Promise<void> {
    const to = rule.to(fact)
    if (!to) return
    const { kind, type } = rule
    const people = await queries.recipients(tx, kind, to, rule.alsoActor ? null : fact.actorId)
    const wanted = people.flatMap(({ userId, channel }) => {
      const wish = channel ?? USUAL[kind]
      const [inApp, asksMail] = [wish === 'in_app' || wish === 'both', wish === 'mail' || wish === 'both']
      const byMail = asksMail && !WITHOUT_MAIL.has(kind) && !rule.mailed?.(fact, userId)
      return inApp || byMail ? [{ id: newId(), userId, inApp, byMail }] : []
    })
    if (wanted.length === 0) return
    const about = subjectOf(rule, fact)
    const said = say(words, fact.name, { sender: null, subject: null, times: 1 })!
    const one = {
      type,
      ...said,
      link: linkOf(rule, fact),
      kind,
      eventName: fact.name,
      eventId: fact.id,
      subjectType: about?.type ?? null,
      subjectId: about?.id ?? null,
      senderId: fact.actorId,
    }
    const made = await queries.insert(tx, one, wanted)
    const wishOf = new Map(wanted.map((wish) => [wish.userId, wish]))
    for (const { id, userId, isNew } of made) {
      const { inApp, byMail } = wishOf.get(userId)!
      if (!isNew) continue
      if (inApp) events.publish(tx, notificationCreated, { aggregateId: id, payload: { userId, kind }, actor: system })
      // What begins soon cannot wait until somebody may have read of it.
      const delaySeconds = kind === 'reminder' ? 0 : options.mailDelaySeconds
      if (byMail) await jobs.enqueue(tx, mailJob.name, { notificationId: id }, { delaySeconds })
    }
  }

  async function settle(tx: Tx, { name, aggregateId, payload }: Fact): Promise<void> {
    const { userId } = payload as { userId: string }
    const settled =
      name === 'conversations.read'
        ? await queries.settleConversation(tx, aggregateId, userId)
        : (await queries.forgetConversation(tx, aggregateId, userId)) > 0
    if (settled) events.publish(tx, notificationsRead, { aggregateId: userId, payload: { userId }, actor: system })
  }

  async function handler({ event, database, once }: SubscriberRun): Promise<void> {
    await database.transaction(async (tx) => {
      if (!(await once(tx))) return
      const rule = RULES[event.name]
      if (rule) await tell(tx, rule, event)
      else await settle(tx, event)
    })
  }

  messages.onSent((tx, actor, { conversationId, messageId, number }) =>
    tell(tx, RULES[AT_ONCE]!, {
      id: messageId,
      name: AT_ONCE,
      aggregateId: conversationId,
      payload: { messageId, number },
      actorId: actor.userId,
    }),
  )
  const isOurs = (name: string) => Object.hasOwn(RULES, name) || SETTLING.includes(name)
  const to = definitions.filter(({ name }) => name !== AT_ONCE && isOurs(name))
  events.subscribe({ ...tellJob, to, handler })
}
