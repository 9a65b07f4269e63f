// What the tests of notifications share: people, what they do, and waiting for what they are told.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Person, TestApp } from '../../../../test/harness.ts'

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
export type Shown = any

export function notified(ashlar: () => TestApp) {
  const as = (person: Person | undefined, method: string, path: string, json?: unknown) =>
    ashlar().call(method, `/api/v1${path}`, { token: person!.token, ...(json !== undefined && { json }) })
  const list = async (person: Person | undefined, query = ''): Promise<Shown[]> =>
    (await as(person, 'GET', `/notifications?limit=100${query}`)).body.data
  const unread = async (person: Person | undefined): Promise<number> =>
    (await as(person, 'GET', '/notifications/unread-count')).body.count
  /** Waits until nothing is owed to the subscriber any more. */
  async function settled(): Promise<void> {
    for (let at = 0; at < 500; at++, await sleep(20)) {
      const [left] = await ashlar().rows<{ count: number }>(`
        SELECT (SELECT count(*) FROM events WHERE seq IS NULL)::int
          + (SELECT count(*) FROM event_deliveries WHERE subscriber = 'notifications.tell' AND state <> 'dead')::int AS count`)
      if (left!.count === 0) return
    }
    assert.fail('The subscriber does not come to an end.')
  }
  return { as, list, unread, settled }
}
