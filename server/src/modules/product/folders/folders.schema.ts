// What comes in and what goes out of folders.
import Type, { type Static } from 'typebox'
import {
  Body,
  IdOf,
  Nullable,
  OneOf,
  PageQuery,
  pageAnswer,
  sorting,
  Text,
  Timestamp,
} from '../../../drivers/http/index.ts'
import { Collaborator, isOpen, LEVELS, pathOf, type Reach } from '../access/index.ts'
import type { FolderRow } from './folders.queries.ts'

export const FOLDER_SORT_KEYS = ['name', 'createdAt', 'updatedAt'] as const

const Name = Text(1000, { description: 'Up to 255 characters, none of them / or \\.', examples: ['Quarry'] })
const Parent = Nullable(IdOf('folder', { description: 'The folder above it; null: none.' }))
const Team = Nullable(IdOf('team', { description: 'A team whose members read what lies in it.' }))

export const NewFolder = Body(
  { name: Name, parentId: Type.Optional(Parent), teamId: Type.Optional(Team) },
  { examples: [{ name: 'Quarry' }] },
)
export type NewFolder = Static<typeof NewFolder>

export const FolderChanges = Body(
  { name: Type.Optional(Name), parentId: Type.Optional(Parent), teamId: Type.Optional(Team) },
  { examples: [{ name: 'Quarry II' }] },
)
export type FolderChanges = Static<typeof FolderChanges>

const FolderFields = {
  id: IdOf('folder'),
  name: Type.String(),
  path: Type.String({ description: 'The names from the uppermost folder that is open to the caller: /Quarry/Plans.' }),
  parentId: Nullable(
    IdOf('folder', { description: 'Null at the root, and where the folder above is not open to the caller.' }),
  ),
  owner: Type.Object({ id: IdOf('user'), name: Type.String(), avatar: Nullable(Type.String()) }),
  teamId: Nullable(IdOf('team')),
  deletedAt: Nullable(Timestamp),
  createdAt: Timestamp,
  updatedAt: Timestamp,
}
export const Folder = Type.Object(FolderFields, { title: 'Folder' })
export type Folder = Static<typeof Folder>

export const FolderDetail = Type.Object(
  {
    ...FolderFields,
    access: OneOf(LEVELS, { description: 'How far the folder is open to the caller.' }),
    ancestors: Type.Array(Type.Object({ id: IdOf('folder'), name: Type.String() }), {
      description: 'The folders above it that are open to the caller, the uppermost first.',
    }),
    contains: Type.Object(
      { folders: Type.Integer(), documents: Type.Integer(), files: Type.Integer(), size: Type.Integer() },
      { description: 'How much lies in it and below; the size is in bytes.' },
    ),
    collaborators: Type.Array(Collaborator, { description: 'Whom it is shared with; for its owner.' }),
  },
  { title: 'FolderDetail' },
)
export type FolderDetail = Static<typeof FolderDetail>

export const FolderQuery = Type.Object({
  ...PageQuery,
  ...sorting(FOLDER_SORT_KEYS, 'name', 'asc'),
  parentId: Type.Optional(IdOf('folder', { description: 'What lies in it; without one, the uppermost folders.' })),
  deleted: Type.Optional(Type.Boolean({ description: 'The trash.' })),
})
export type FolderQuery = Static<typeof FolderQuery>

export const Folders = pageAnswer(Folder)

export interface TreeNode {
  id: string
  name: string
  children: TreeNode[]
}
/** Nodes hold nodes of the same kind, as deep as there are folders. */
const Node = Type.Object(
  {
    id: IdOf('folder'),
    name: Type.String(),
    children: Type.Array(Type.Unsafe<TreeNode>({ type: 'object', additionalProperties: true, title: 'FolderNode' })),
  },
  { title: 'FolderTree' },
)
export const FolderTree = Type.Object({ data: Type.Array(Node) })

/** Every field of a folder that leaves; the folder above it where that is reached. */
export function toFolder(row: FolderRow, reach: Reach): Folder {
  const { id, name, parentId, teamId } = row
  return {
    id,
    name,
    path: pathOf(reach, row.idPath, row.names),
    parentId: parentId !== null && isOpen(reach, pathAbove(row.idPath)) ? parentId : null,
    owner: { id: row.ownerId, name: row.ownerName, avatar: row.ownerAvatar },
    teamId,
    deletedAt: row.deletedAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  }
}

/** `/a/b/` of `/a/b/c/`. */
function pathAbove(idPath: string): string {
  return `${idPath.split('/').slice(0, -2).join('/')}/`
}
