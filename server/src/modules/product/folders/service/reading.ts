// Reading folders: lists, the tree, and one with what it holds.
import type { UserActor } from '../../../../core/actor.ts'
import { type Page, pageAt } from '../../../../core/page.ts'
import type { Executor } from '../../../../drivers/database/index.ts'
import { accessErrors, CONTENT_SHARES, isManager, isOpen, type Reach, toCollaborator } from '../../access/index.ts'
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
      const found = await one.measure(db, actor, row.idPath)
      measured[one.kind] = found.count
      size += found.size
    }
    const shares = level === 'OWNER' ? await CONTENT_SHARES.list(db, 'folder', id) : []
    return {
      ...toFolder(row, reach),
      access: level,
      ancestors: above
        .filter((one) => one.id !== id && isOpen(reach, one.idPath))
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
      const page = pageAt(query, (query.sortBy ?? 'name') === 'name' ? 'string' : 'time')
      const reach = await access.reachable(db, actor, 'folder')
      const scope = await scopeOf(db, actor, query, reach)
      const [rows, total] = await Promise.all([
        queries.list(db, query, scope, page.place),
        queries.count(db, query, scope),
      ])
      return page.answer(rows, total, (row) => toFolder(row, reach))
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
