// Storage: where blobs of tenants lie, who has them, and how much room there is.
import { createInspection, type Inspection } from './service/inspection.ts'
import { createKeeping, type Keeping } from './service/keeping.ts'
import type { StorageParts } from './service/parts.ts'
import { createSettings, type Settings } from './service/settings.ts'
import { createSweep, type Sweep } from './service/sweep.ts'
import { createStores } from './stores.ts'

export interface Storage extends Keeping, Settings, Sweep, Inspection {
  /** The largest blob, in bytes. */
  maxBytes: number
}

export function createStorage(given: Omit<StorageParts, 'stores'>): Storage {
  const parts = { ...given, stores: createStores(given.options, given.sealer) }
  const keeping = createKeeping(parts)
  return {
    ...keeping,
    ...createSettings(parts, keeping),
    ...createSweep(parts),
    ...createInspection(parts),
    maxBytes: given.options.maxBytes,
  }
}
