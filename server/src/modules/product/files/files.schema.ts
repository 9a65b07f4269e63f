// What comes in and what goes out of files.
import Type, { type Static } from 'typebox'
import {
  Body,
  IdOf,
  IdParams,
  Nullable,
  OneOf,
  PageQuery,
  pageAnswer,
  sorting,
  Text,
  Timestamp,
} from '../../../drivers/http/index.ts'
import { batchResult, Collaborator, isOpen, LEVELS, type Level, pathOf, type Reach } from '../access/index.ts'
import type { Folder } from '../folders/index.ts'
import type { FileRow } from './files.queries.ts'
import { KINDS, kindOf } from './types.ts'

export const FILE_SORT_KEYS = ['name', 'size', 'createdAt', 'updatedAt'] as const

const Name = Text(1000, { description: 'Up to 255 characters, none of them / or \\.', examples: ['Slabs.pdf'] })
const Place = Nullable(IdOf('folder', { description: 'The folder it lies in; null: none.' }))
const Path = Text(2000, { description: 'The folder by its path of names, such as /Quarry/Plans, in place of its id.' })

export const FileItem = Type.Object(
  {
    id: IdOf('file'),
    name: Type.String(),
    type: OneOf(['folder', ...KINDS]),
    mimeType: Type.String(),
    size: Type.Integer({ description: 'In bytes.' }),
    items: Nullable(Type.Integer({ description: 'Of a folder: how many folders and files lie in it, up to 1,000.' })),
    path: Type.String(),
    thumbnail: Nullable(
      Type.String({
        description: 'The address of a small picture, which works by itself for some minutes where one signed in.',
      }),
    ),
    folderId: Nullable(IdOf('folder')),
    teamId: Nullable(IdOf('team')),
    owner: Type.Object({ id: IdOf('user'), name: Type.String(), avatar: Nullable(Type.String()) }),
    isFavorite: Type.Boolean({ description: 'Of the caller.' }),
    shared: Type.Boolean(),
    sha256: Nullable(Type.String({ description: 'Of the content, in hexadecimal.' })),
    deletedAt: Nullable(Timestamp),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  },
  { title: 'FileItem' },
)
export type FileItem = Static<typeof FileItem>

export const FileDetail = Type.Object(
  {
    ...FileItem.properties,
    access: OneOf(LEVELS, { description: 'How far the file is open to the caller.' }),
    collaborators: Type.Array(Collaborator, { description: 'Whom it is shared with; for its owner.' }),
  },
  { title: 'FileDetail' },
)
export type FileDetail = Static<typeof FileDetail>

export const FileQuery = Type.Object({
  ...PageQuery,
  cursor: Type.Optional(Type.String({ description: 'Refused: this list gives none, and goes on by page.' })),
  ...sorting(FILE_SORT_KEYS, 'updatedAt'),
  folderId: Type.Optional(IdOf('folder')),
  path: Type.Optional(Type.String({ maxLength: 2000, description: 'The folder by its path of names; / is the root.' })),
  atRoot: Type.Optional(Type.Boolean({ description: 'Only what lies in no folder.' })),
  type: Type.Optional(
    Type.String({ maxLength: 100, description: 'image, video, audio, document, archive, or part of a content type.' }),
  ),
  favorite: Type.Optional(Type.Boolean()),
  shared: Type.Optional(Type.Boolean({ description: 'Only what belongs to others.' })),
  deleted: Type.Optional(Type.Boolean({ description: 'The trash.' })),
  withFolders: Type.Optional(Type.Boolean({ description: 'The folders of the place first, as items of type folder.' })),
})
export type FileQuery = Static<typeof FileQuery>
export const FilePage = pageAnswer(FileItem)

/** The fields of a multipart body, beside the file. */
export const UploadForm = Body(
  {
    folderId: Type.Optional(Place),
    path: Type.Optional(Path),
    teamId: Type.Optional(Nullable(IdOf('team', { description: 'A team whose members read it.' }))),
    name: Type.Optional(Name),
  },
  { examples: [{}] },
)
export type UploadForm = Static<typeof UploadForm>

export const Rename = Body({ name: Name }, { examples: [{ name: 'Slabs.pdf' }] })
export const FileChanges = Body(
  {
    name: Type.Optional(Name),
    teamId: Type.Optional(Nullable(IdOf('team', { description: 'A team whose members read it; null: none.' }))),
  },
  { examples: [{ name: 'Slabs.pdf' }, { teamId: null }] },
)
export type FileChanges = Static<typeof FileChanges>
export const Move = Body(
  { folderId: Type.Optional(Place), targetPath: Type.Optional(Path) },
  { examples: [{ folderId: null }] },
)
export type Move = Static<typeof Move>
export const Copy = Body(
  { folderId: Type.Optional(Place), targetPath: Type.Optional(Path), name: Type.Optional(Name) },
  { examples: [{}] },
)
export type Copy = Static<typeof Copy>
export const Favorite = Body(
  { favorite: Type.Optional(Type.Boolean({ description: 'Turned over when left out.' })) },
  { examples: [{ favorite: true }] },
)
export const NewFolderByPath = Body(
  { name: Name, parentId: Type.Optional(Place), parentPath: Type.Optional(Path) },
  { examples: [{ name: 'Quarry' }] },
)
export type NewFolderByPath = Static<typeof NewFolderByPath>

export const FileParams = IdParams('file')

export const StorageInfo = Type.Object(
  {
    used: Type.Integer({ description: 'Bytes of one’s own files, those in the trash included.' }),
    total: Type.Integer(),
    percentage: Type.Number(),
    breakdown: Type.Object({
      images: Type.Integer(),
      videos: Type.Integer(),
      audio: Type.Integer(),
      documents: Type.Integer(),
      archives: Type.Integer(),
      others: Type.Integer(),
    }),
  },
  { title: 'StorageInfo' },
)
export type StorageInfo = Static<typeof StorageInfo>

export const BatchResult = batchResult('file')

/** Every field of a file that leaves. `reach` says which folders may be named; `thumbnail` is the address of its small picture. */
export function toItem(row: FileRow, reach: Reach, thumbnail: string | null): FileItem {
  const { folderId, folderPath } = row
  const isNamed = folderId === null || reach.everything || isOpen(reach, folderPath)
  const above = isNamed && folderPath !== null ? pathOf(reach, folderPath, row.folderNames) : ''
  return {
    id: row.id,
    name: row.name,
    type: kindOf(row.mimeType),
    mimeType: row.mimeType,
    size: row.size,
    items: null,
    path: `${above}/${row.name}`,
    thumbnail,
    folderId: isNamed ? folderId : null,
    teamId: row.teamId,
    owner: { id: row.ownerId, name: row.ownerName, avatar: row.ownerAvatar },
    isFavorite: row.isFavorite,
    shared: row.shared,
    sha256: row.sha256,
    deletedAt: row.deletedAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  }
}

export function toDetail(item: FileItem, access: Level, collaborators: Collaborator[]): FileDetail {
  return { ...item, access, collaborators }
}

/** A folder as an item of a list of files; `items` is how much lies in it. */
export function folderItem(folder: Folder, items: number): FileItem {
  const { id, name, path, parentId, owner, teamId, deletedAt, createdAt, updatedAt } = folder
  const nothing = { mimeType: 'inode/directory', size: 0, items, thumbnail: null, sha256: null }
  const about = { isFavorite: false, shared: false, path }
  return {
    id,
    name,
    type: 'folder',
    ...nothing,
    ...about,
    folderId: parentId,
    teamId,
    owner,
    deletedAt,
    createdAt,
    updatedAt,
  }
}
