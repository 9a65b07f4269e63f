// What the tests of events share: facts of the product, published from the test itself.
import type { TestApp } from '../../../../test/harness.ts'
import { eventCatalogue } from '../../../app.ts'
import type { EventDefinition } from '../../../core/events.ts'

function eventCalled(name: string): EventDefinition {
  return eventCatalogue.find((one) => one.name === name)!
}

/** Publishes facts in one transaction of the tenant; `fields` are the payload of each `users.updated`. */
export async function publishUpdates(
  { app, drivers }: Pick<TestApp, 'app' | 'drivers'>,
  tenantId: string,
  userId: string,
  fields: string[],
): Promise<void> {
  await drivers.database.inTenant(tenantId, async (tx) => {
    for (const field of fields)
      app.events.publish(tx, eventCalled('users.updated'), {
        aggregateId: userId,
        payload: { fields: [field] },
        actor: { kind: 'system', name: 'test' },
      })
  })
}
