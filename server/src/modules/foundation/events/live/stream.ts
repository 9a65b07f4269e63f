// One open stream: who listens, to what, and how far they have been told.
import { isNamedBy, type UserActor } from '../../../../core/actor.ts'
import type { HeldStream, Outlet, Streaming } from '../../../../drivers/http/index.ts'
import type { Place } from '../events.queries.ts'

/** How long a client waits before it comes back, in milliseconds. */
const RETRY_MS = 2_000
/** When a server stops or starts its clients are not to come all at once. */
const RETRY_SPREAD_MS = 4_000

export type Goodbye = 'expired' | 'revoked' | 'stopping'

export class EventStream implements HeldStream {
  readonly streaming: Streaming
  /** Whether the client asked for events of that name. */
  readonly wants: (name: string) => boolean
  actor: UserActor
  /** Everything up to here has been told, or was not for this listener. */
  at: Place
  /** Told as it happens. Otherwise it is being checked, or it reads what it missed. */
  isLive = false
  /** Counts what may have changed the rights of the listener; what was decided before does not count. */
  doubts = 0
  isChecking = false
  /** The rights of the listener could not be looked up: nothing is told until they can. */
  isUnsure = false
  /** When it ends by itself, in milliseconds since the epoch. */
  endsAt: number
  /** The last moment of its life, whatever the credential allows. */
  readonly lifeEndsAt: number
  readonly #onClosed: (stream: EventStream) => void
  #outlet: Outlet | undefined
  #wake: (() => void) | undefined

  constructor(parts: {
    streaming: Streaming
    actor: UserActor
    wants(name: string): boolean
    at: Place
    lifeEndsAt: number
    onClosed(stream: EventStream): void
  }) {
    this.streaming = parts.streaming
    this.actor = parts.actor
    this.wants = parts.wants
    this.at = parts.at
    this.lifeEndsAt = parts.lifeEndsAt
    this.endsAt = parts.lifeEndsAt
    this.#onClosed = parts.onClosed
  }

  get isOpen(): boolean {
    return this.#outlet?.isOpen ?? false
  }

  /** Begins the answer with the place from which it goes on; `reset` when what was asked for is not there any more. */
  open(beginning: 'ready' | 'reset'): void {
    this.#outlet = this.streaming.open(this)
    this.send(`retry: ${RETRY_MS}\nid: ${this.at.id}\nevent: ${beginning}\ndata: {}\n\n`)
  }

  send(text: string | Buffer): void {
    this.#outlet?.write(text)
  }

  /** Keeps proxies from closing it and tells how far it is, which no listener sees as an event. */
  beat(): void {
    this.send(`:\nid: ${this.at.id}\n\n`)
  }

  /** What was missed cannot be told: the client reads again what it shows. */
  reset(place: Place): void {
    this.at = place
    this.send(`id: ${place.id}\nevent: reset\ndata: {}\n\n`)
  }

  bye(reason: Goodbye): void {
    const retry = reason === 'expired' ? 0 : RETRY_MS + Math.round(Math.random() * RETRY_SPREAD_MS)
    this.#outlet?.end(`retry: ${retry}\nid: ${this.at.id}\nevent: bye\ndata: {"reason":"${reason}"}\n\n`)
  }

  /** Ends without a word: the client comes back and goes on after what it heard last. */
  cut(): void {
    this.#outlet?.cut()
  }

  /** Its rights are asked for again: it is told nothing until then, and nobody waits for its client any more. */
  doubt(): void {
    this.isLive = false
    this.doubts++
    this.#wake?.()
  }

  /** Resolves when its client has taken what was written, or when it is doubted. */
  async drained(): Promise<void> {
    const doubted = new Promise<void>((wake) => {
      this.#wake = wake
    })
    await Promise.race([this.#outlet?.drained(), doubted])
  }

  closed(): void {
    this.isLive = false
    this.#onClosed(this)
  }

  stop(): void {
    this.bye('stopping')
  }

  /** Whether a message names what this listener was made of. */
  isNamedBy(names: ReadonlySet<string>): boolean {
    return isNamedBy(this.actor, names)
  }
}
