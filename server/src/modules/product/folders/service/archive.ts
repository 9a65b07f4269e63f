// A folder as a zip, written while it is read: memory holds names, and of the contents never more than is on its way.
import type { Readable } from 'node:stream'
import yazl from 'yazl'
import type { UserActor } from '../../../../core/actor.ts'
import { Download, dispositionOf, type RequestFacts } from '../../../../drivers/http/index.ts'
import type { FolderItem } from '../contents.ts'
import { folderErrors } from '../folders.errors.ts'
import * as queries from '../folders.queries.ts'
import type { FolderParts } from './parts.ts'

export interface Archive {
  /**
   * All that lies in the folder and below. Its size is announced where nothing in it can change while it is sent.
   * Throws `folders.too_many_to_zip`.
   */
  zip(actor: UserActor, id: string, facts: RequestFacts): Promise<Download>
  /** A link to the same that works by itself for five minutes. */
  zipLink(actor: UserActor, id: string): Promise<{ url: string; expiresAt: string; expiresIn: number }>
  zipByLink(id: string, token: string, facts: RequestFacts): Promise<Download>
}

/** Each takes some hundred bytes of memory until the last one is sent. */
const MAX_ITEMS = 20_000

export function createArchive({ database, access, contents, links }: FolderParts): Archive {
  async function zip(actor: UserActor, id: string, { ip, userAgent }: RequestFacts): Promise<Download> {
    const db = database.tenant(actor.tenantId)
    const { idPath } = await access.must(db, actor, { kind: 'folder', id }, 'READ')
    const folders = await queries.nodes(db, [idPath!], MAX_ITEMS + 1)
    const items: FolderItem[] = []
    for (const one of contents) items.push(...(await one.items(db, actor, idPath!, MAX_ITEMS + 1)))
    if (folders.length + items.length > MAX_ITEMS)
      throw folderErrors('folders.too_many_to_zip', { facts: { limit: MAX_ITEMS } })
    const entries = entriesOf(folders, items)
    const { name } = folders[0]!
    const size = await sizeOf(entries)
    const headers = {
      'content-type': 'application/zip',
      'content-disposition': dispositionOf(`${name}.zip`),
      ...(size !== undefined && { 'content-length': String(size) }),
    }
    // It may take hours: the right is asked again for each, and where it is gone the answer breaks off.
    const handOver = async (item: FolderItem) => {
      await access.must(db, actor, { kind: 'folder', id }, 'READ')
      item.handed?.({ userId: actor.userId, ip, userAgent })
      return item.open()
    }
    return new Download(200, headers, async () => write(entries, handOver), actor)
  }

  const target = (id: string) => ({ what: 'folder', id })
  return {
    zip,
    async zipLink(actor, id) {
      await access.must(database.tenant(actor.tenantId), actor, { kind: 'folder', id }, 'READ')
      const { token, ...rest } = links.make(actor, target(id))
      return { url: `/api/v1/folders/${id}/download?token=${encodeURIComponent(token)}`, ...rest }
    },
    zipByLink: (id, token, facts) => links.open(token, target(id), 'files:view', (actor) => zip(actor, id, facts)),
  }
}

/** A folder where there is no item. */
interface Entry {
  path: string
  item?: FolderItem
}

/** Paths below the uppermost folder, each once; of names that stand twice in a place the later ones get numbers. */
function entriesOf(folders: readonly queries.Node[], items: readonly FolderItem[]): Entry[] {
  const [top, ...below] = folders
  const pathOf = new Map([[top!.id, '']])
  const taken = new Set<string>()
  const counts = new Map<string, number>()
  const free = (path: string, name: string) => {
    const [, stem = name, extension = ''] = /^(.+?)(\.[^.]{1,20})?$/.exec(safe(name)) ?? []
    const plain = `${path}${stem}${extension}`
    // Some file systems do not tell upper from lower case.
    const key = plain.toLowerCase()
    let [found, count] = [plain, counts.get(key) ?? 1]
    while (taken.has(found.toLowerCase())) found = `${path}${stem} (${++count})${extension}`
    counts.set(key, count)
    taken.add(found.toLowerCase())
    return found
  }
  const entries: Entry[] = []
  for (const { id, name, idPath } of below) {
    const path = `${free(pathOf.get(idPath.split('/').at(-3)!) ?? '', name)}/`
    pathOf.set(id, path)
    entries.push({ path })
  }
  for (const item of items) {
    const path = pathOf.get(item.folderId)
    if (path !== undefined) entries.push({ path: free(path, item.name), item })
  }
  return entries
}

/** As part of a path that every system unpacks. Rows that others wrote may hold what ours cannot. */
function safe(name: string): string {
  const cleaned = name.replace(/[/\\<>:"|?*\u0000-\u001f]/g, '_').replace(/[. ]+$/, '_')
  return cleaned === '' ? '_' : cleaned
}

type Opening = (item: FolderItem) => Promise<Readable>

function write(entries: readonly Entry[], open: Opening, total?: (bytes: number) => void): Readable {
  const archive = new yazl.ZipFile()
  const output = archive.outputStream as Readable
  let current: Readable | undefined
  for (const { path, item } of entries) {
    if (!item) {
      archive.addEmptyDirectory(path)
      continue
    }
    const { modifiedAt: mtime, bytes: size } = item
    archive.addReadStreamLazy(
      path,
      { mtime, compress: size === undefined, ...(size !== undefined && { size }) },
      (give) =>
        open(item).then(
          (content) => {
            current = content
            // The archive does not listen to what it reads.
            content.on('error', (error) => output.destroy(error))
            give(null, content)
          },
          (error) => output.destroy(error),
        ),
    )
  }
  archive.on('error', (error) => output.destroy(error as Error))
  output.on('close', () => current?.destroy())
  // The declared type of the callback forgets its argument.
  archive.end({ forceZip64Format: false, comment: '' }, total as (() => void) | undefined)
  return output
}

/** Undefined where it is not known before the end. */
function sizeOf(entries: readonly Entry[]): Promise<number | undefined> {
  // Nothing is opened: the archive waits for its first content for ever, and is forgotten.
  return new Promise((resolve) => {
    write(
      entries,
      () => new Promise(() => undefined),
      (bytes) => resolve(bytes < 0 ? undefined : bytes),
    )
  })
}
