// What is kept in memory: loaded once for concurrent requests, forgotten by name, never believed while the bus is silent.
import type { Clock } from '../../core/clock.ts'
import type { Message } from './bus.ts'

export interface Loaded<V> {
  value: V
  /** Ids of everything that the value was made of: session or token, user, tenant. */
  names: readonly string[]
  /** When the value ends, in milliseconds since the epoch; without, never. */
  endsAt?: number
  /** Writes down that the value was used; called once a minute at most. */
  touch?(): Promise<void>
}

interface Entry<V> extends Loaded<V> {
  loadedAt: number
  touchedAt: number
}

export interface Cache<V> {
  /** The value under the key, loaded when it is not known, too old or at its end. What `load` throws is not kept. */
  get(key: string, load: () => Promise<Loaded<V>>): Promise<V>
  /** Forgets every value that a message names. */
  forget(message: Message): void
  clear(): void
}

export interface CacheOptions {
  clock: Clock
  /** How long what was loaded is believed without a word from the bus, as a backstop. */
  believedMs: number
  /** Beyond this the oldest entry goes. */
  maxEntries: number
  /** Whether messages arrive. */
  fresh(): boolean
}

const TOUCH_MS = 60_000

export function createCache<V>({ clock, believedMs, maxEntries, fresh }: CacheOptions): Cache<V> {
  const entries = new Map<string, Entry<V>>()
  const keysByName = new Map<string, Set<string>>()
  const loading = new Map<string, Promise<Entry<V>>>()
  // A message that arrives while something is being loaded may be about just that: the result is used and not kept.
  let epoch = 0

  function drop(key: string): void {
    const entry = entries.get(key)
    if (!entry) return
    entries.delete(key)
    for (const name of entry.names) {
      const keys = keysByName.get(name)
      keys?.delete(key)
      if (keys?.size === 0) keysByName.delete(name)
    }
  }

  function keep(key: string, entry: Entry<V>): void {
    if (entries.size >= maxEntries) drop(entries.keys().next().value!)
    entries.set(key, entry)
    for (const name of entry.names) {
      const keys = keysByName.get(name)
      if (keys) keys.add(key)
      else keysByName.set(name, new Set([key]))
    }
  }

  async function loadFresh(key: string, load: () => Promise<Loaded<V>>): Promise<Entry<V>> {
    const begun = epoch
    const loaded = await load()
    const entry: Entry<V> = { ...loaded, loadedAt: clock.now(), touchedAt: 0 }
    if (begun === epoch && fresh()) {
      drop(key)
      keep(key, entry)
    }
    return entry
  }

  function touchNow(entry: Entry<V>): void {
    const now = clock.now()
    if (!entry.touch || now - entry.touchedAt < TOUCH_MS) return
    entry.touchedAt = now
    // A use that could not be written down is written at the next one; the request does not wait for it.
    entry.touch().catch(() => {
      entry.touchedAt = 0
    })
  }

  return {
    async get(key, load) {
      const now = clock.now()
      let entry = entries.get(key)
      if (
        !entry ||
        now - entry.loadedAt > believedMs ||
        now >= (entry.endsAt ?? Number.POSITIVE_INFINITY) ||
        !fresh()
      ) {
        let pending = loading.get(key)
        if (!pending) {
          const begun = loadFresh(key, load).finally(() => {
            if (loading.get(key) === begun) loading.delete(key)
          })
          pending = begun
          loading.set(key, begun)
        }
        entry = await pending
      }
      touchNow(entry)
      return entry.value
    },
    forget(message) {
      epoch++
      // Whoever asks from now on must not be given what began to be loaded before.
      loading.clear()
      for (const name of Object.values(message)) {
        for (const key of [...(keysByName.get(String(name)) ?? [])]) drop(key)
      }
    },
    clear() {
      epoch++
      loading.clear()
      entries.clear()
      keysByName.clear()
    },
  }
}
