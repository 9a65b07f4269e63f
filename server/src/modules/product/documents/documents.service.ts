// Documents: texts that people write, find again and share.
import { Readable } from 'node:stream'
import { documentEvents } from './documents.events.ts'
import * as queries from './documents.queries.ts'
import { createGiving, type Giving } from './service/giving.ts'
import type { DocumentParts } from './service/parts.ts'
import { createReading, type Reading } from './service/reading.ts'
import { createWriting, type Writing } from './service/writing.ts'

export type Documents = Reading & Writing & Giving

export function createDocuments(parts: DocumentParts): Documents {
  const reading = createReading(parts)
  for (const { name } of documentEvents)
    parts.events.decide(name, (actor, { aggregateId }) =>
      parts.access.mayHear(parts.database.tenant(actor.tenantId), actor, 'document', aggregateId),
    )
  parts.folders.hold({
    kind: 'documents',
    async measure(db, actor, idPath) {
      const condition = await parts.access.within(db, actor, 'document')
      return condition ? queries.measure(db, condition, idPath) : { count: 0, size: 0 }
    },
    async items(db, actor, idPath, limit) {
      const condition = await parts.access.within(db, actor, 'document')
      const found = condition ? await queries.titlesBelow(db, condition, idPath, limit) : []
      return found.map(({ id, title, ...item }) => ({
        ...item,
        name: /\.[a-z0-9]{1,5}$/i.test(title) ? title : `${title}.txt`,
        bytes: undefined,
        open: async () => Readable.from([(await queries.contentOf(db, id)) ?? '']),
      }))
    },
    trash: queries.trashWith,
    restore: queries.restoreWith,
    // The daily upkeep also adds up the views that were counted apart.
    purge: async (tx, seconds, batch) => {
      await queries.foldViews(tx, 10_000)
      return queries.purge(tx, seconds, batch)
    },
  })
  return { ...reading, ...createWriting(parts, reading), ...createGiving(parts, reading) }
}
