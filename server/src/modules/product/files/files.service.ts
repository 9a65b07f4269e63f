// Files: what people upload, keep in folders, share and give each other.
import { fileEvents } from './files.events.ts'
import * as holding from './holding.queries.ts'
import { defineThumbnails } from './pictures/thumbnails.ts'
import { type Changing, createChanging } from './service/changing.ts'
import { createMaking, type Making } from './service/making.ts'
import type { FileParts } from './service/parts.ts'
import { createReading, type Reading } from './service/reading.ts'
import { createShowing, type Showing } from './service/showing.ts'
import { createTrash, type Trash } from './service/trash.ts'
import { createUploads, type Uploads } from './service/uploads.ts'

export interface Files extends Reading, Showing, Making, Changing, Trash {
  uploads: Uploads
}

export function createFiles(parts: FileParts): Files {
  const reading = createReading(parts)
  const uploads = createUploads(parts)
  for (const { name } of fileEvents)
    parts.events.decide(name, (actor, { aggregateId }) =>
      parts.access.mayHear(parts.database.tenant(actor.tenantId), actor, 'file', aggregateId),
    )
  defineThumbnails({ ...parts, typeOf: holding.typeOf })
  parts.storage.hold({ references: holding.references, usage: holding.usage, lose: holding.lose })
  parts.folders.hold({
    kind: 'files',
    async measure(db, actor, idPath) {
      const condition = await parts.access.within(db, actor, 'file')
      return condition ? holding.measure(db, condition, idPath) : { count: 0, size: 0 }
    },
    async items(db, actor, idPath, limit) {
      const condition = await parts.access.within(db, actor, 'file')
      const found = condition ? await holding.contentsBelow(db, condition, idPath, limit) : []
      return found.map(({ id, blobId, ...item }) => ({
        ...item,
        open: () => parts.storage.open(db, blobId),
        handed: (reader) =>
          parts.accessLog.note(db.tenantId!, { kind: 'file', itemId: id, action: 'download', ...reader }),
      }))
    },
    moved: holding.writePathsBelow,
    trash: holding.trashWith,
    restore: holding.restoreWith,
    purge: holding.purge,
  })
  return {
    ...reading,
    ...createShowing(parts),
    ...createMaking(parts, reading, uploads),
    ...createChanging(parts, reading),
    ...createTrash(parts, reading),
    uploads,
  }
}
