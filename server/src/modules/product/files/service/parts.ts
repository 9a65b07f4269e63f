// What the verbs of this module work with.
import type { UserActor } from '../../../../core/actor.ts'
import type { Problem } from '../../../../core/errors.ts'
import { newId } from '../../../../core/ids.ts'
import type { Database, Executor, Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import type { Jobs } from '../../../../drivers/queue/index.ts'
import type { Audit } from '../../../foundation/audit/index.ts'
import type { Events } from '../../../foundation/events/index.ts'
import type { Storage } from '../../../foundation/storage/index.ts'
import { type Access, accessErrors, contentName, folderAt, type SignedLinks } from '../../access/index.ts'
import type { AccessLog } from '../../accesslog/index.ts'
import type { Folders } from '../../folders/index.ts'
import * as queries from '../files.queries.ts'
import { type FileDetail, folderItem, toDetail } from '../files.schema.ts'

export interface FileParts {
  database: Pick<Database, 'tenant' | 'inTenant'>
  audit: Pick<Audit, 'record'>
  events: Pick<Events, 'decide'>
  links: SignedLinks
  access: Access
  accessLog: Pick<AccessLog, 'note' | 'noteOnce'>
  storage: Storage
  folders: Pick<Folders, 'hold' | 'mustTake' | 'backTo' | 'list' | 'create' | 'update' | 'remove' | 'removeIn'>
  jobs: Pick<Jobs, 'define' | 'enqueue' | 'isStarted'>
  options: { types: readonly string[]; keepLocation: boolean }
}

export interface FileDeed {
  action: string
  id: string
  changes: Record<string, unknown>
}

export function record(
  { audit }: Pick<FileParts, 'audit'>,
  tx: Tx,
  actor: UserActor,
  { action, id, changes }: FileDeed,
  facts: RequestFacts,
): void {
  audit.record(tx, actor, { action, targetType: 'file', targetId: id, changes }, facts)
}

/** The folder that is meant by an id or by a path of names; undefined where neither is said, null for the root. */
export async function placeOf(
  { access }: Pick<FileParts, 'access'>,
  db: Executor,
  actor: UserActor,
  { folderId, path }: { folderId?: string | null | undefined; path?: string | undefined },
): Promise<string | null | undefined> {
  if (folderId !== undefined || path === undefined) return folderId
  const names = path.normalize('NFC').split('/').filter(Boolean)
  if (names.length === 0) return null
  const { everything, roots } = await access.reachable(db, actor, 'folder')
  const from = everything ? undefined : roots.paths
  // A path of somebody else's is one that is not there.
  const id = await folderAt(db, names, actor.userId, from)
  if (id === undefined) throw accessErrors('folders.not_found')
  return id
}

/** Does it with the file, or where there is none of that id with the folder: lists may hold both. */
export async function withEither<T>(file: () => Promise<T>, folder: () => Promise<T>): Promise<T> {
  try {
    return await file()
  } catch (error) {
    if ((error as Problem).code !== 'files.not_found') throw error
    try {
      return await folder()
    } catch (other) {
      throw (other as Problem).code === 'folders.not_found' ? error : other
    }
  }
}

/** `a.txt`, `a (2).txt`, … : the first that is free. */
export async function freeName(tx: Tx, place: queries.Lying, name: string, exceptId?: string): Promise<string> {
  await queries.lockPlace(tx, place)
  const [, stem = name, extension = ''] = /^(.+?)(\.[^.]{1,20})?$/.exec(name) ?? []
  for (let count = 1; count <= 100; count++) {
    const suffix = count === 1 ? '' : ` (${count})`
    const candidate = `${[...stem].slice(0, 255 - [...extension].length - suffix.length).join('')}${suffix}${extension}`
    if (!(await queries.isTaken(tx, place, candidate, exceptId))) return candidate
  }
  return contentName(`${newId()}${extension}`)
}

export interface Change {
  version: number | undefined
  facts: RequestFacts
}

/** A folder as a file among files. */
export async function asItem(
  { database }: Pick<FileParts, 'database'>,
  { tenantId }: UserActor,
  folder: Awaited<ReturnType<FileParts['folders']['create']>>,
): Promise<FileDetail> {
  const counts = await queries.countsIn(database.tenant(tenantId), [folder.id])
  return toDetail(folderItem(folder, counts.get(folder.id) ?? 0), folder.access, folder.collaborators)
}
