// Writing events: collected while a transaction works, written just before COMMIT, ordered after it.
import type { TSchema } from 'typebox'
import { Check } from 'typebox/value'
import { actorId, actorName, type Doer } from '../../../core/actor.ts'
import type { Deed, EventDefinition } from '../../../core/events.ts'
import { newId } from '../../../core/ids.ts'
import { collecting, type Tx } from '../../../drivers/database/index.ts'
import * as queries from './events.queries.ts'

export interface NewFact<P = unknown> {
  aggregateId: string
  payload: P
  actor: Doer
}

export interface Publishing {
  publish<P extends TSchema>(tx: Tx, definition: EventDefinition<P>, fact: NewFact): void
  follow(tx: Tx, doer: Doer, deed: Deed): void
}

export interface PublishingParts {
  definitions: readonly EventDefinition[]
  /** Called after each commit with events in the tenant. */
  order(tenantId: string): void
}

/** As JSON: a fact is ids and small facts. */
const MAX_PAYLOAD = 4_000

export function createPublishing({ definitions, order }: PublishingParts): Publishing {
  const known = new Set(definitions.map(({ name }) => name))
  const followers = new Map<string, EventDefinition[]>()
  for (const definition of definitions)
    for (const action of Object.keys(definition.follows ?? {}))
      followers.set(action, [...(followers.get(action) ?? []), definition])
  const collect = collecting<queries.NewEvent>(async (tx, added) => {
    await queries.append(tx, added)
    tx.afterCommit(() => order(tx.tenantId!))
  })

  function publish(
    tx: Tx,
    { name, aggregate, schema }: EventDefinition,
    { aggregateId, payload, actor }: NewFact,
  ): void {
    if (!known.has(name)) throw new Error(`The event ${name} is not in the catalogue.`)
    if (!Check(schema, payload)) throw new Error(`This is not what the event ${name} holds.`)
    if (JSON.stringify(payload).length > MAX_PAYLOAD)
      throw new Error(`The payload of ${name} is too large: a fact is ids and small facts.`)
    if (tx.tenantId === undefined) throw new Error('An event needs a tenant: publish it in a transaction that has one.')
    const by = { actor: actorName(actor), actorId: actorId(actor) }
    collect(tx, { id: newId(), name, aggregate, aggregateId, payload, ...by })
  }

  return {
    publish,
    follow(tx, doer, deed) {
      for (const definition of followers.get(deed.action) ?? []) {
        const payload = definition.follows?.[deed.action]?.(deed, doer)
        if (payload === undefined) continue
        const aggregateId = definition.subject?.(deed) ?? deed.targetId
        publish(tx, definition, { aggregateId, payload, actor: doer })
      }
    },
  }
}
