// Events: facts that modules publish in their transactions. A definition says what the fact is called, holds, and who hears of it.
import type { Static, TSchema } from 'typebox'
import type { Doer, MembershipLevel, UserActor } from './actor.ts'
import { grantFor, type Permission } from './permission.ts'

/** What was done, for the audit trail: `action` is `noun.verb`; `changes` holds before and after of the fields that changed, never a secret. */
export interface Deed {
  action: string
  targetType: string
  targetId: string
  changes?: Record<string, unknown>
}

/** The `changes` of a deed: before and after of each field that is named and another now. */
export function differences<T extends object>(
  before: T,
  after: { [K in keyof T]?: T[K] | undefined },
): Record<string, unknown> {
  const changed = (Object.keys(after) as (keyof T & string)[]).filter(
    (key) => after[key] !== undefined && after[key] !== before[key],
  )
  return Object.fromEntries(changed.map((key) => [key, [before[key], after[key]]]))
}

/** Something that happened, in one tenant. */
export interface Fact<P = unknown> {
  /** The same wherever and how often it is told: the key under which an effect happens once. */
  id: string
  /** `noun.happened`. */
  name: string
  /** What kind of thing it happened to, and to which. Facts of one thing are told in the order in which they were committed. */
  aggregate: string
  aggregateId: string
  payload: P
  /** Who caused it, as the audit trail names them. */
  actor: string
  /** The account or administrator behind it; null where it was the server itself. */
  actorId: string | null
  occurredAt: Date
}

/** Who receives a fact live: whoever one of these admits. Without any nobody does. */
export interface Audience<P = unknown> {
  /** Whoever holds it in the tenant at that moment. */
  permission?: Permission
  /** Members of at least this level, in person: MEMBER for everybody in the tenant. */
  level?: MembershipLevel
  /** These people. */
  users?(fact: Fact<P>): string[]
  /** `users` only in person: neither by a personal access token nor in their name. For how somebody signs in. */
  inPerson?: true
  /** Whoever the owning module says may read what it is about; in words, for the catalogue. */
  asked?: string
}

export interface EventDefinition<P extends TSchema = TSchema> {
  /** `noun.happened`: the name for ever. */
  name: string
  aggregate: string
  /** When it happens, as a sentence of the catalogue. */
  summary: string
  /** Ids and small facts: never content, never a secret. */
  schema: P
  live?: Audience<Static<P>>
  /**
   * The actions of the audit trail that are this fact, each with what the payload is then; undefined where the deed is
   * none. It happened to the deed's target, unless `subject` says to what.
   */
  follows?: Record<string, (deed: Deed, doer: Doer) => Static<P> | undefined>
  subject?(deed: Deed): string
}

const NAME = /^[a-z][a-zA-Z]*\.[a-z][a-z_]*$/

/** Declares an event; its payload is typed by its schema. */
export function defineEvent<P extends TSchema>(definition: EventDefinition<P>): EventDefinition<P> {
  if (!NAME.test(definition.name)) throw new Error(`An event is called noun.happened, not ${definition.name}.`)
  return definition
}

/** Which fields a deed changed, not what stood there; undefined when it changed none. */
export function changedFields({ changes = {} }: Deed): { fields: string[] } | undefined {
  const fields = Object.keys(changes).sort()
  return fields.length > 0 ? { fields } : undefined
}

/** The payload of facts that say everything by their name and aggregate. */
export const nothingMore = () => ({})

/** Whose deed it was, where a person did it. */
export function byPerson(_: Deed, doer: Doer): { userId: string } | undefined {
  return doer.kind === 'user' ? { userId: doer.userId } : undefined
}

/** Whether the actor is among those who receive the fact; undefined when the owning module must be asked. */
export function hears({ live }: EventDefinition, actor: UserActor, fact: Fact): boolean | undefined {
  if (!live) return false
  if (live.permission !== undefined && grantFor(actor.permissions, live.permission)) return true
  const isInPerson = actor.sessionId !== undefined && actor.impersonatorId === undefined
  // A level is nothing that a token's scopes narrow, and what goes by it is read in person only.
  if (live.level !== undefined && isInPerson && RANK[actor.level] >= RANK[live.level]) return true
  if ((!live.inPerson || isInPerson) && live.users?.(fact).includes(actor.userId)) return true
  return live.asked === undefined ? false : undefined
}

const RANK: Record<MembershipLevel, number> = { MEMBER: 0, ADMIN: 1, OWNER: 2 }
