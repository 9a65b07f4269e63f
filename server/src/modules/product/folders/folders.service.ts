// Folders: trees of them, which documents and files lie in, and through which access is passed down.

import type { FolderContents } from './contents.ts'
import { folderEvents } from './folders.events.ts'
import { type Administration, createAdministration } from './service/administration.ts'
import { type Archive, createArchive } from './service/archive.ts'
import type { FolderParts } from './service/parts.ts'
import { createReading, type Reading } from './service/reading.ts'
import { createTrash, type Trash } from './service/trash.ts'

export interface Folders extends Reading, Administration, Trash, Archive {
  /** Makes a kind of contents known; once for each, when the module is made. */
  hold(contents: FolderContents): void
}

export function createFolders(given: Omit<FolderParts, 'contents'>): Folders {
  const contents: FolderContents[] = []
  const parts: FolderParts = { ...given, contents }
  const reading = createReading(parts)
  for (const { name } of folderEvents)
    parts.events.decide(name, (actor, { aggregateId }) =>
      parts.access.mayHear(parts.database.tenant(actor.tenantId), actor, 'folder', aggregateId),
    )
  const administration = createAdministration(parts, reading)
  return {
    ...reading,
    ...administration,
    ...createTrash(parts, reading, administration),
    ...createArchive(parts),
    hold: (one) => void contents.push(one),
  }
}
