// Events: published in the transaction of what they tell of, handed to subscribers as jobs, and told live to whoever may know.

import type { TSchema } from 'typebox'
import Type from 'typebox'
import type { Doer, UserActor } from '../../../core/actor.ts'
import type { Clock } from '../../../core/clock.ts'
import type { Problem } from '../../../core/errors.ts'
import { type Deed, type EventDefinition, type Fact, hears } from '../../../core/events.ts'
import type { Bus } from '../../../drivers/bus/index.ts'
import type { Database, Tx } from '../../../drivers/database/index.ts'
import type { Streaming } from '../../../drivers/http/index.ts'
import type { JobSettings, Jobs } from '../../../drivers/queue/index.ts'
import type { Log } from '../../../drivers/telemetry/log.ts'
import { eventErrors } from './events.errors.ts'
import * as queries from './events.queries.ts'
import type { EventsQuery } from './events.schema.ts'
import { createHub, type StreamLimits } from './live/hub.ts'
import { createOrdering } from './ordering.ts'
import { createPublishing, type NewFact } from './publishing.ts'
import { createSubscriptions, type Subscriber } from './subscriptions.ts'

export interface Events {
  /** Adds a fact to the transaction, for its tenant: known to everybody when it commits, or it never was. */
  publish<P extends TSchema>(tx: Tx, definition: EventDefinition<P>, fact: NewFact): void
  /** Adds every fact that follows from an audited deed. Called by the audit trail. */
  follow(tx: Tx, doer: Doer, deed: Deed): void
  /** Has every such event handled as a job, one at a time of each aggregate, in order. Before the jobs start. */
  subscribe(subscriber: Subscriber): void
  /** Whether the subscriber of that name is told of such events. */
  hasSubscriber(definition: EventDefinition, name: string): boolean
  /** Says who receives events whose audience is asked for: by the owning module, at each delivery. */
  decide(name: string, mayRead: MayRead): void
  /** Opens the caller's stream. Throws what refuses it. */
  open(actor: UserActor, query: EventsQuery, lastEventId: string | undefined, streaming: Streaming): Promise<void>
  /** Forgets events past their time; answers how many. */
  forget(): Promise<number>
  /** Gives jobs to what subscribers are owed and nobody works on; answers how many events. */
  release(): Promise<number>
  /** How many streams this process has open. */
  streams(): number
  /** Makes the upkeep known to the jobs of this process. */
  defineJobs(): void
}

export type MayRead = (actor: UserActor, fact: Fact) => Promise<boolean>

export interface EventParts {
  database: Pick<Database, 'tenant' | 'inTenant' | 'acrossTenants'>
  bus: Bus
  jobs: Pick<Jobs, 'define' | 'enqueue' | 'isStarted'>
  clock: Clock
  log: Log
  /** The catalogue: every event that there is. */
  definitions: readonly EventDefinition[]
  options: StreamLimits & { retentionDays: number }
}

export const keepEventsJob = {
  name: 'events.upkeep',
  scope: 'installation',
  schedule: { cron: '* * * * *', timeZone: 'UTC' },
  schema: Type.Object({}),
  retry: { limit: 2, delaySeconds: 60, backoff: false, maxDelaySeconds: 60 },
  timeoutSeconds: 3_600,
  concurrency: 1,
  keepDays: 1,
} satisfies JobSettings

/** How many events one statement forgets. */
const FORGOTTEN_AT_ONCE = 5_000

export function createEvents({ database, bus, jobs, clock, log, definitions, options }: EventParts): Events {
  const catalogue = new Map(definitions.map((definition) => [definition.name, definition]))
  const deciders = new Map<string, MayRead>()
  const subscriptions = createSubscriptions({ database, jobs })
  const { order, orderRest } = createOrdering({ database, bus, log, subscriptions })
  const { publish, follow } = createPublishing({ definitions, order })

  /** Nobody, unless the definition says who. */
  function decide(actor: UserActor, fact: Fact): boolean | Promise<boolean> {
    const definition = catalogue.get(fact.name)
    const heard = definition ? hears(definition, actor, fact) : false
    return heard ?? deciders.get(fact.name)?.(actor, fact) ?? false
  }
  const hub = createHub({ database, bus, clock, log, limits: options, decide, orderRest })

  async function forget(signal?: AbortSignal): Promise<number> {
    let forgotten = 0
    for (const { tenantId } of await queries.listForgetful(database, options.retentionDays)) {
      for (let gone = FORGOTTEN_AT_ONCE; gone === FORGOTTEN_AT_ONCE; forgotten += gone) {
        signal?.throwIfAborted()
        gone = await queries.forget(database.tenant(tenantId), options.retentionDays, FORGOTTEN_AT_ONCE)
      }
    }
    return forgotten
  }

  return {
    publish,
    follow,
    subscribe: subscriptions.subscribe,
    hasSubscriber: (definition, name) =>
      subscriptions.all().some((one) => one.subscriber === name && one.name === definition.name),
    decide(name, mayRead) {
      if (catalogue.get(name)?.live?.asked === undefined) throw new Error(`Nobody is asked who hears ${name}.`)
      deciders.set(name, mayRead)
    },
    open: (actor, { types, lastEventId }, header, streaming) =>
      hub.open({ actor, streaming, wants: wantsOf(types, catalogue), lastEventId: header || lastEventId }),
    forget: () => forget(),
    release: subscriptions.releaseAll,
    streams: hub.size,
    defineJobs: () =>
      jobs.define({
        ...keepEventsJob,
        async handler({ signal }) {
          await orderRest()
          return { released: await subscriptions.releaseAll(), forgotten: await forget(signal) }
        },
      }),
  }
}

const everything = () => true

/** Whether an event's name is among those that `users.*,members.added` asks for. Throws for a name that there is not. */
function wantsOf(types: string | undefined, catalogue: ReadonlyMap<string, unknown>): (name: string) => boolean {
  if (types === undefined) return everything
  const asked = types.split(',')
  const named = (one: string) =>
    [...catalogue.keys()].filter((name) => (one.endsWith('.*') ? name.startsWith(one.slice(0, -1)) : name === one))
  const wanted = new Set(asked.flatMap(named))
  for (const one of asked) if (named(one).length === 0) throw unknownType(one)
  return (name) => wanted.has(name)
}

function unknownType(type: string): Problem {
  const message = `There is no event ${type}.`
  return eventErrors('events.unknown_type', {
    message,
    fields: [{ in: 'query', path: 'types', code: 'unknown', message }],
  })
}
