// What happens in one tenant, read once for all its streams of this process and told in the order of COMMIT.
import { setImmediate as turn } from 'node:timers/promises'
import type { UserActor } from '../../../../core/actor.ts'
import type { Fact } from '../../../../core/events.ts'
import type { Log } from '../../../../drivers/telemetry/log.ts'
import type { EventRow, Place } from '../events.queries.ts'
import type { EventStream } from './stream.ts'

export interface ChannelParts {
  tenantId: string
  /** Where the order stands when the first stream comes. */
  at: Place
  /** Events after a place, oldest first. */
  read(tenantId: string, after: number): Promise<EventRow[]>
  /** The same, for one stream among many: waits its turn. */
  readMissed(tenantId: string, after: number): Promise<EventRow[]>
  /** Whether the actor receives it, now. */
  decide(actor: UserActor, fact: Fact): boolean | Promise<boolean>
  log: Log
}

/** Other work has its turn after so many streams. */
const AT_ONCE = 500

export class Channel {
  readonly tenantId: string
  readonly streams = new Set<EventStream>()
  readonly #parts: ChannelParts
  /** Everything up to here has been read, and told to whoever is live. */
  #at: Place
  #isReading = false
  #isWanted = false

  constructor(parts: ChannelParts) {
    this.#parts = parts
    this.tenantId = parts.tenantId
    this.#at = parts.at
  }

  get seq(): number {
    return this.#at.seq
  }

  /** Reads what is new and tells it. Whoever calls while it reads has it read once more. */
  async pump(): Promise<void> {
    this.#isWanted = true
    if (this.#isReading) return
    this.#isReading = true
    try {
      while (this.#isWanted && this.streams.size > 0) {
        this.#isWanted = false
        const rows = await this.#parts.read(this.tenantId, this.#at.seq)
        for (const row of rows) await this.#tellLive(row)
        if (rows.length > 0) this.#isWanted = true
      }
    } catch (error) {
      // The next event, or the next look, reads it again.
      this.#parts.log.warn({ tenantId: this.tenantId, reason: (error as Error).message }, 'events could not be read')
    } finally {
      this.#isReading = false
    }
  }

  async #tellLive(row: EventRow): Promise<void> {
    // First: whoever becomes live from here on has to have read this one.
    this.#at = { seq: row.seq, id: row.id }
    const told = written(row)
    const pending: Promise<void>[] = []
    let count = 0
    for (const stream of this.streams) {
      if (!stream.isLive || stream.at.seq >= row.seq) continue
      const answer = this.#tell(stream, row, told)
      if (answer) pending.push(answer)
      if (++count % AT_ONCE === 0) await turn()
    }
    if (pending.length > 0) await Promise.all(pending)
  }

  /** Tells a stream the event if it is for its listener. A promise where somebody has to be asked. */
  #tell(stream: EventStream, row: EventRow, told: Told): Promise<void> | undefined {
    const step = (isHeard: boolean) => {
      stream.at = told.place
      if (isHeard) stream.send(told.bytes())
    }
    const isHeard = stream.wants(row.name) && this.#parts.decide(stream.actor, row)
    if (typeof isHeard === 'boolean') return void step(isHeard)
    const { doubts } = stream
    return isHeard.then(
      (answer) => {
        // Whoever was doubted meanwhile reads it again, by the rights that they have then.
        if (stream.doubts === doubts && stream.at.seq < row.seq) step(answer)
      },
      (error: Error) => {
        this.#parts.log.warn({ event: row.name, reason: error.message }, 'it could not be found out who hears an event')
        stream.cut()
      },
    )
  }

  /**
   * Tells a stream what it has missed, until it is where the channel is and live. Stops where it is doubted, and where it
   * is closed. Throws when the events cannot be read.
   */
  async catchUp(stream: EventStream): Promise<void> {
    const { doubts } = stream
    while (stream.isOpen && stream.doubts === doubts) {
      await stream.drained()
      if (stream.doubts !== doubts) return
      if (stream.at.seq >= this.#at.seq) {
        stream.isLive = true
        return
      }
      const rows = await this.#parts.readMissed(this.tenantId, stream.at.seq)
      if (stream.doubts !== doubts) return
      if (rows[0]?.seq !== stream.at.seq + 1) {
        // Forgotten meanwhile, since what is kept has no holes.
        stream.reset(this.#at)
        continue
      }
      for (const row of rows) {
        if (!stream.isOpen || stream.doubts !== doubts) return
        await this.#tell(stream, row, written(row))
      }
    }
  }
}

interface Told {
  place: Place
  bytes(): Buffer
}

/** The event as every stream is told it, written when the first one hears it. */
function written({ seq, id, name, occurredAt, aggregate, aggregateId, payload }: EventRow): Told {
  let bytes: Buffer | undefined
  return {
    place: { seq, id },
    bytes: () => {
      bytes ??= Buffer.from(
        `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify({ id, name, occurredAt: occurredAt.toISOString(), aggregate, aggregateId, payload })}\n\n`,
      )
      return bytes
    },
  }
}
