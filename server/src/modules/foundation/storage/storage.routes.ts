// Settings of storage over HTTP.
import { type Route, route } from '../../../drivers/http/index.ts'
import { AvailableStorages, StorageChange, StorageSettings } from './storage.schema.ts'
import type { Storage } from './storage.service.ts'

export function storageRoutes(storage: Storage): Route[] {
  return [
    route({
      method: 'GET',
      path: '/storage',
      operation: 'storage.get',
      access: 'storage:view',
      summary: 'Read where the tenant keeps its files, and how much room it has',
      answer: StorageSettings,
      handle: ({ actor }) => storage.get(actor),
    }),
    route({
      method: 'PUT',
      path: '/storage',
      operation: 'storage.put',
      access: 'storage:edit',
      summary: 'Choose where the tenant keeps its files',
      description:
        'A small file is kept there, read and removed before anything is saved. Files stay where they are and are found there; new ones go to the new place.',
      body: StorageChange,
      answer: StorageSettings,
      errors: ['storage.test_failed'],
      handle: ({ actor, body, facts }) => storage.put(actor, body, facts),
    }),
    route({
      method: 'GET',
      path: '/storage/available',
      operation: 'storage.available',
      access: 'storage:view',
      summary: 'List the kinds of storage, and what each must be told',
      answer: AvailableStorages,
      handle: ({ actor }) => storage.available(actor),
    }),
  ]
}
