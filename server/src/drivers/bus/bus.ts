// Publish and subscribe between the nodes of an installation.
import type { Tx } from '../database/index.ts'

export type Message = Record<string, string | number | boolean | undefined>

export interface Bus {
  /** Tells every node, this one too, when the transaction commits. Messages carry ids, never content (8 kB at most). */
  publish(tx: Tx, topic: string, message: Message): Promise<void>
  /**
   * Tells every node now, this one too, of something that whoever misses it will find by itself. Costs no transaction
   * anything, and is lost when this process dies or the bus is away.
   */
  tell(topic: string, message: Message): void
  subscribe(topic: string, handler: (message: Message) => void): void
  /** Called when messages may have been missed: whoever caches must forget everything. */
  onGap(handler: () => void): void
  /** False while messages cannot arrive: nothing may be answered from a cache then. */
  connected(): boolean
  close(): Promise<void>
}
