// Which events make notifications, for whom, and how they come unless somebody says otherwise.
import type { Fact } from '../../../core/events.ts'

/** What rules look at. */
export type Told = Pick<Fact, 'id' | 'name' | 'aggregateId' | 'payload' | 'actorId'>

/** What preferences are about. */
export const KINDS = ['message', 'group', 'shared', 'team', 'calendar', 'reminder', 'account', 'security'] as const
export type Kind = (typeof KINDS)[number]

export const CHANNELS = ['in_app', 'mail', 'both', 'off'] as const
export type Channel = (typeof CHANNELS)[number]

export const USUAL: Readonly<Record<Kind, Channel>> = {
  message: 'in_app',
  group: 'in_app',
  shared: 'both',
  team: 'in_app',
  calendar: 'in_app',
  reminder: 'in_app',
  account: 'in_app',
  security: 'in_app',
}

/** Of what is about the safety of an account a mail is sent in any case, by whoever knows more. */
export const WITHOUT_MAIL: ReadonlySet<Kind> = new Set(['security'])

export interface Addressees {
  users?: string[]
  /** The people in these teams. */
  teams?: string[]
  /** The people in a conversation who have not read the message of that number, and were there when it came. */
  conversation?: { id: string; number: number }
}

export interface Rule {
  kind: Kind
  /** What kind of thing it is about, which is the event's aggregate unless `about` says so. */
  subject?: string
  about?(fact: Told): { type: string; id: string }
  /** The words and the page by which the front ends know it. */
  type: 'system' | 'user' | 'message' | 'task' | 'alert'
  link: string | ((fact: Told) => string)
  /** Undefined: for nobody. */
  to(fact: Told): Addressees | undefined
  /** Also for whoever did it themselves. */
  alsoActor?: true
  /** Whether whoever makes it known writes to this person themselves: nobody gets two mails. */
  mailed?(fact: Told, userId: string): boolean
}

type Payload = Record<string, unknown>
const payloadOf = (fact: Told) => fact.payload as Payload
const named = (fact: Told): Addressees => {
  const { userIds, userId } = payloadOf(fact)
  return { users: Array.isArray(userIds) ? userIds.map(String) : userId === undefined ? [] : [String(userId)] }
}
const themselves = ({ aggregateId }: Told): Addressees => ({ users: [aggregateId] })

const calendar = { kind: 'calendar', type: 'task', link: '/calendar', subject: 'calendar_event', to: named } as const
/** Calendars write to those who are invited, with a calendar part, and not to whoever organizes the event. */
const written = { ...calendar, mailed: (fact: Told, userId: string) => payloadOf(fact).ownerId !== userId } as const
/** Nobody is written to about these. */
const SMALL = ['color', 'type']
const account = { kind: 'account', type: 'system', link: '/profile' } as const
const security = { kind: 'security', type: 'alert', link: '/settings', alsoActor: true } as const

export const RULES: Readonly<Record<string, Rule>> = {
  'messages.sent': {
    kind: 'message',
    type: 'message',
    link: '/messages',
    subject: 'conversation',
    to: (fact) => ({ conversation: { id: fact.aggregateId, number: Number(payloadOf(fact).number) } }),
  },
  'conversations.joined': { kind: 'group', type: 'message', link: '/messages', subject: 'conversation', to: named },
  'content.given': {
    kind: 'shared',
    type: 'user',
    link: (fact) => (payloadOf(fact).kind === 'document' ? '/documents' : '/files'),
    about: (fact) => ({ type: String(payloadOf(fact).kind), id: fact.aggregateId }),
    to: (fact) => ({ users: payloadOf(fact).userIds as string[], teams: payloadOf(fact).teamIds as string[] }),
  },
  'teams.member_set': {
    kind: 'team',
    type: 'user',
    link: '/teams',
    subject: 'team',
    to: (fact) => (payloadOf(fact).added === true ? named(fact) : undefined),
  },
  'calendar.invited': written,
  'calendar.changed': {
    ...written,
    mailed: (fact, userId) =>
      written.mailed(fact, userId) && (payloadOf(fact).fields as string[]).some((field) => !SMALL.includes(field)),
  },
  'calendar.cancelled': written,
  'calendar.answered': { ...calendar, to: (fact) => ({ users: [String(payloadOf(fact).ownerId)] }) },
  'calendar.reminder': {
    ...calendar,
    kind: 'reminder',
    alsoActor: true,
    to: (fact) => (payloadOf(fact).channel === 'mail' ? undefined : named(fact)),
    mailed: (fact) => payloadOf(fact).channel === 'both',
  },
  'members.added': { ...account, to: themselves },
  'users.roles_assigned': { ...account, to: themselves },
  'users.password_changed': { ...security, to: themselves },
  'mfa.enabled': { ...security, to: themselves },
  'mfa.disabled': { ...security, to: themselves },
  'mfa.recovery_code_used': { ...security, to: themselves },
  'sessions.new_device': { ...security, to: named },
  'sessions.replayed': { ...security, to: named },
  'tokens.created': { ...security, to: named },
}

export function linkOf({ link }: Rule, fact: Told): string {
  return typeof link === 'string' ? link : link(fact)
}

/** What the fact is about, where the notification names it. */
export function subjectOf({ subject, about }: Rule, fact: Told): { type: string; id: string } | undefined {
  return about?.(fact) ?? (subject === undefined ? undefined : { type: subject, id: fact.aggregateId })
}
