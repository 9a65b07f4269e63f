// Subscribers: each event that one is owed is a job, one at a time of each aggregate, in the order of COMMIT.
import Type, { type Static } from 'typebox'
import type { EventDefinition, Fact } from '../../../core/events.ts'
import type { Database, Tx } from '../../../drivers/database/index.ts'
import {
  type JobDefinition,
  JobRefused,
  type JobRun,
  type JobSettings,
  type Jobs,
} from '../../../drivers/queue/index.ts'
import * as queries from './events.queries.ts'

const Payload = Type.Object({ eventId: Type.String({ minLength: 1, maxLength: 64 }) }, { additionalProperties: false })
type Payload = Static<typeof Payload>

/** What a subscriber is run with. */
export interface SubscriberRun extends Pick<JobRun, 'tenantId' | 'database' | 'attempt' | 'signal' | 'log'> {
  event: Fact
  /**
   * Makes the effect happen once: true the first time, and from the commit of `tx` on false. Call it first in the
   * transaction that writes the effect, and write nothing when it is false.
   */
  once(tx: Tx): Promise<boolean>
}

export interface Subscriber extends JobSettings<typeof Payload> {
  to: readonly EventDefinition[]
  /** Runs at least once for each event. Throws to be tried again; `JobRefused` to be given up at once. */
  handler(run: SubscriberRun): Promise<void>
}

/** The settings of a subscriber's jobs, for the list from which queues are made: eight tries over about five minutes. */
export function subscriberJob(
  name: string,
  settings: Partial<JobSettings<typeof Payload>> = {},
): JobSettings<typeof Payload> {
  return {
    name,
    schema: Payload,
    retry: { limit: 7, delaySeconds: 2, backoff: true, maxDelaySeconds: 120 },
    timeoutSeconds: 60,
    concurrency: 4,
    ...settings,
  }
}

export interface Subscriptions {
  subscribe(subscriber: Subscriber): void
  /** Who is told of what. */
  all(): { name: string; subscriber: string }[]
  release(tx: Tx, eventIds: string[]): Promise<void>
  /** Gives jobs to whatever waits although nothing before it is under way; answers how many. */
  releaseAll(): Promise<number>
}

export function createSubscriptions({
  database,
  jobs,
}: {
  database: Pick<Database, 'inTenant' | 'acrossTenants'>
  jobs: Pick<Jobs, 'define' | 'enqueue' | 'isStarted'>
}): Subscriptions {
  const asked: { name: string; subscriber: string }[] = []
  const names = new Set<string>()

  async function release(tx: Tx, eventIds: string[]): Promise<void> {
    // A verb that does not work on jobs leaves it to the next look.
    if (!jobs.isStarted()) return
    for (const { subscriber, eventId } of await queries.takeDue(tx, eventIds))
      await jobs.enqueue(tx, subscriber, { eventId })
  }

  /** The event is done with, one way or the other: whatever waits behind it is next. */
  async function goOn(tx: Tx, eventId: string, end: (tx: Tx) => Promise<void>): Promise<void> {
    await queries.lockOrder(tx)
    await end(tx)
    await release(tx, [eventId])
  }

  async function work(handler: Subscriber['handler'], due: queries.Due, run: JobRun<Payload>): Promise<void> {
    const owed = await queries.findOwed(run.database, due)
    // Forgotten, or settled by a try that could not say so any more.
    if (!owed) return
    const { doneAt, seq: _, ...event } = owed
    if (doneAt === null) {
      const { tenantId, database, attempt, signal, log } = run
      const once = (tx: Tx) => queries.markDone(tx, due)
      await handler({ event, tenantId, database, attempt, signal, log, once })
    }
    await run.database.transaction(async (tx) => {
      // The job's row first, as whoever cancels it does: in the other order both would wait for each other.
      await run.complete(tx)
      await goOn(tx, due.eventId, () => queries.settle(tx, due))
    })
  }

  return {
    subscribe({ to, handler, ...settings }) {
      const { name } = settings
      if (names.has(name)) throw new Error(`The subscriber ${name} is defined twice.`)
      names.add(name)
      for (const event of to) asked.push({ name: event.name, subscriber: name })
      const dueOf = ({ eventId }: Payload): queries.Due => ({ subscriber: name, eventId })
      const definition: JobDefinition<typeof Payload> = {
        ...settings,
        scope: 'tenant',
        handler: (run) => work(handler, dueOf(run.payload), run),
        async abandoned({ payload, database }) {
          await database.transaction((tx) => goOn(tx, payload.eventId, () => queries.bury(tx, dueOf(payload))))
        },
        async revived(tx, payload) {
          if (!(await queries.revive(tx, dueOf(payload))))
            throw new JobRefused('This event is forgotten or was dealt with: there is nothing to try again.')
        },
      }
      jobs.define(definition)
    },
    all: () => asked,
    release,
    async releaseAll() {
      let released = 0
      for (const { tenantId, eventIds } of await queries.listStranded(database, [...names])) {
        await database.inTenant(tenantId, async (tx) => {
          await queries.lockOrder(tx)
          await release(tx, eventIds)
        })
        released += eventIds.length
      }
      return released
    },
  }
}
