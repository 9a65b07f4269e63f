// Reading folders: lists, the tree, and one with what it holds.
import type { UserActor } from '../../../../core/actor.ts'
import { decodeCursor, encodeCursor, type Page, pageOf } from '../../../../core/page.ts'
import type { Executor } from '../../../../drivers/database/index.ts'
import { accessErrors, CONTENT_SHARES, isManager, type Reach, toCollaborator } from '../../access/index.ts'
import { folderErrors } from '../folders.errors.ts'
import * as queries from '../folders.queries.ts'
import { type Folder, type FolderDetail, type FolderQuery, type TreeNode, toFolder } from '../folders.schema.ts'
import type { FolderParts } from './parts.ts'

export interface Reading {
  list(actor: UserActor, query: FolderQuery): Promise<Page<Folder>>
  tree(actor: UserActor): Promise<{ data: TreeNode[] }>
  get(actor: UserActor, id: string): Promise<FolderDetail>
  /** The same inside a change. */
  read(db: Executor, actor: UserActor, id: string): Promise<FolderDetail>
}

const MAX_NODES = 10_000

export function createReading({ database, access, contents }: FolderParts): Reading {
  async function read(db: Executor, actor: UserActor, id: string): Promise<FolderDetail> {
    const { level } = await access.must(db, actor, { kind: 'folder', id }, 'READ')
    const reach = await access.reachable(db, actor, 'folder')
    const row = await queries.find(db, id)
    if (!row) throw accessErrors('folders.not_found')
    const above = await queries.named(db, row.idPath)
    const folders = await queries.countBelow(db, row.idPath)
    const measured = { documents: 0, files: 0 }
    let size = 0
    for (const one of contents) {
      const found = await one.measure(db, row.idPath)
      measured[one.kind] = found.count
      size += found.size
    }
    const shares = level === 'OWNER' ? await CONTENT_SHARES.list(db, 'folder', id) : []
    const isOpen = opener(reach)
    return {
      ...toFolder(row, isOpen),
      access: level,
      ancestors: above
        .filter((one) => one.id !== id && isOpen(one.idPath))
        .map((one) => ({ id: one.id, name: one.name })),
      contains: { folders, ...measured, size },
      collaborators: shares.map(toCollaborator),
    }
  }

  /** What is listed: what lies in a folder, the uppermost of what is reached, or the trash. */
  async function scopeOf(db: Executor, actor: UserActor, query: FolderQuery, reach: Reach): Promise<queries.Scope> {
    if (query.deleted) return [queries.isTrash(isManager(actor, 'folder') ? undefined : actor.userId)]
    if (query.parentId !== undefined) {
      await access.must(db, actor, { kind: 'folder', id: query.parentId }, 'READ')
      return [queries.isLive, queries.liesIn(query.parentId)]
    }
    if (query.search) return [queries.isLive, reach.condition]
    return [queries.isLive, reach.everything ? queries.isRoot : queries.standsAt(reach.roots.paths)]
  }

  return {
    async list(actor, query) {
      const db = database.tenant(actor.tenantId)
      const request = { page: query.page ?? 1, limit: query.limit ?? 10 }
      const keyType = (query.sortBy ?? 'name') === 'name' ? 'string' : 'time'
      const after = query.cursor ? decodeCursor(query.cursor, [keyType, 'string']) : undefined
      const reach = await access.reachable(db, actor, 'folder')
      const scope = await scopeOf(db, actor, query, reach)
      const place = { limit: request.limit, offset: after ? 0 : (request.page - 1) * request.limit, after }
      const [rows, total] = await Promise.all([queries.list(db, query, scope, place), queries.count(db, query, scope)])
      const last = rows.at(-1)
      const zone = keyType === 'time' ? 'Z' : ''
      const next = last && rows.length === request.limit ? encodeCursor([last.sortKey + zone, last.id]) : undefined
      const isOpen = opener(reach)
      return pageOf(
        rows.map((row) => toFolder(row, isOpen)),
        total,
        request,
        next,
      )
    },

    async tree(actor) {
      const db = database.tenant(actor.tenantId)
      const reach = await access.reachable(db, actor, 'folder')
      const nodes = await queries.nodes(db, reach.everything ? undefined : reach.roots.paths, MAX_NODES + 1)
      if (nodes.length > MAX_NODES) throw folderErrors('folders.too_many')
      return { data: treeOf(nodes) }
    },

    get: (actor, id) => read(database.tenant(actor.tenantId), actor, id),
    read,
  }
}

/** Whether the folder at a path is reached. */
function opener({ everything, roots }: Reach): (idPath: string) => boolean {
  return (idPath) => everything || roots.paths.some((root) => idPath.startsWith(root))
}

/** Parents come before their children, as their paths are shorter. */
function treeOf(nodes: readonly queries.Node[]): TreeNode[] {
  const uppermost: TreeNode[] = []
  const byId = new Map<string, TreeNode>()
  for (const { id, name, idPath } of nodes) {
    const node = { id, name, children: [] }
    byId.set(id, node)
    const parent = byId.get(idPath.split('/').at(-3) ?? '')
    ;(parent?.children ?? uppermost).push(node)
  }
  for (const list of [uppermost, ...[...byId.values()].map(({ children }) => children)])
    list.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  return uppermost
}
