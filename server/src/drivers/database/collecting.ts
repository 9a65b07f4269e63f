// What a transaction collects while it works, to be written at its end.
import type { Tx } from './database.ts'

/**
 * A way to put things by in a transaction: all of them are given to `write` together, in the order added, just before
 * COMMIT. What is added after that is written too, by a call of its own; if it cannot be written, the transaction is undone.
 */
export function collecting<T>(write: (tx: Tx, collected: T[]) => Promise<unknown>): (tx: Tx, one: T) => void {
  const pending = new WeakMap<Tx, T[]>()

  function begin(tx: Tx): T[] {
    const collected: T[] = []
    pending.set(tx, collected)
    tx.beforeCommit(async () => {
      pending.delete(tx)
      await write(tx, collected)
    })
    return collected
  }

  return (tx, one) => void (pending.get(tx) ?? begin(tx)).push(one)
}
