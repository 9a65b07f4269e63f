// What comes in and what goes out of documents.
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
import { batchResult, Collaborator, LEVELS, type Level } from '../access/index.ts'
import type { DocumentRow, RevisionRow } from './documents.queries.ts'

export const DOCUMENT_SORT_KEYS = ['updatedAt', 'createdAt', 'title'] as const
export const TYPES = ['document', 'pdf', 'doc', 'image', 'spreadsheet', 'presentation', 'code', 'other'] as const

const Title = Text(1000, { description: 'Up to 255 characters, none of them / or \\.', examples: ['Plan of the wall'] })
const Content = Type.String({
  maxLength: 1_048_576,
  description: 'Up to 1 MiB in UTF-8.',
  examples: ['Stone by stone.'],
})
const Label = Nullable(Type.String({ maxLength: 255, description: 'A heading to find it under, in free text.' }))
const FolderId = Nullable(IdOf('folder', { description: 'The folder that it lies in; null: none.' }))
const TeamId = Nullable(IdOf('team', { description: 'A team whose members read it.' }))
const Tag = Type.String({ minLength: 1, maxLength: 50 })
const TagList = Type.Array(Tag, { maxItems: 50 })

export const NewDocument = Body(
  {
    title: Title,
    content: Type.Optional(Content),
    type: Type.Optional(OneOf(TYPES, { default: 'document' })),
    folder: Type.Optional(Label),
    folderId: Type.Optional(FolderId),
    teamId: Type.Optional(TeamId),
    tags: Type.Optional(TagList),
  },
  { examples: [{ title: 'Plan of the wall', content: 'Stone by stone.', tags: ['wall'] }] },
)
export type NewDocument = Static<typeof NewDocument>

export const DocumentChanges = Body(
  {
    title: Type.Optional(Title),
    content: Type.Optional(Content),
    type: Type.Optional(OneOf(TYPES)),
    folder: Type.Optional(Label),
    folderId: Type.Optional(FolderId),
    teamId: Type.Optional(TeamId),
    tags: Type.Optional(TagList),
  },
  { examples: [{ content: 'Stone by stone, and mortar.' }] },
)
export type DocumentChanges = Static<typeof DocumentChanges>

export const Renaming = Body({ title: Title })
export const Moving = Body(
  { folderId: Type.Optional(FolderId), folder: Type.Optional(Label) },
  { examples: [{ folder: 'Reports' }] },
)
export const Tagging = Body({ tags: TagList }, { examples: [{ tags: ['wall', 'plan'] }] })

const Person = Type.Object({ id: IdOf('user'), name: Type.String(), avatar: Nullable(Type.String()) })
const DocumentFields = {
  id: IdOf('document'),
  title: Type.String(),
  type: Type.String(),
  size: Type.Integer({ description: 'Of the content, in bytes.' }),
  folder: Nullable(Type.String()),
  folderId: Nullable(IdOf('folder', { description: 'Null also where the folder is not open to the caller.' })),
  teamId: Nullable(IdOf('team')),
  owner: Person,
  tags: Type.Array(Type.String()),
  views: Type.Integer(),
  shared: Type.Boolean({ description: 'Whether it is shared with anybody by itself.' }),
  revision: Type.Integer(),
  deletedAt: Nullable(Timestamp),
  createdAt: Timestamp,
  updatedAt: Timestamp,
}

export const ListedDocument = Type.Object(
  {
    ...DocumentFields,
    highlight: Type.Optional(
      Type.String({ description: 'Of a search: HTML, with the words that were found in `mark` and all else escaped.' }),
    ),
  },
  { title: 'ListedDocument' },
)
export type ListedDocument = Static<typeof ListedDocument>

export const Document = Type.Object(
  {
    ...DocumentFields,
    content: Type.String(),
    access: OneOf(LEVELS, { description: 'How far the document is open to the caller.' }),
    collaborators: Type.Array(Collaborator, { description: 'Whom it is shared with; for its owner.' }),
  },
  { title: 'Document' },
)
export type Document = Static<typeof Document>

export const DocumentQuery = Type.Object({
  ...PageQuery,
  sortBy: Type.Optional(
    OneOf(DOCUMENT_SORT_KEYS, {
      description: 'When left out, a search is sorted by how well it fits, all else by updatedAt.',
    }),
  ),
  sortOrder: sorting(DOCUMENT_SORT_KEYS, 'updatedAt').sortOrder,
  folderId: Type.Optional(IdOf('folder', { description: 'What lies in it, not below.' })),
  folder: Type.Optional(Type.String({ maxLength: 255 })),
  type: Type.Optional(OneOf(TYPES)),
  tags: Type.Optional(Type.String({ maxLength: 500, description: 'Between commas; all of them must be there.' })),
  ownerId: Type.Optional(IdOf('user')),
  shared: Type.Optional(Type.Boolean({ description: 'Only what belongs to others.' })),
  deleted: Type.Optional(Type.Boolean({ description: 'The trash.' })),
})
export type DocumentQuery = Static<typeof DocumentQuery>

export const Documents = pageAnswer(ListedDocument)

export const BatchResult = batchResult('document')

export const Revision = Type.Object(
  {
    number: Type.Integer(),
    title: Type.String(),
    size: Type.Integer(),
    author: Nullable(Type.Object({ id: IdOf('user'), name: Type.String() })),
    current: Type.Boolean(),
    createdAt: Timestamp,
  },
  { title: 'DocumentRevision' },
)
export type Revision = Static<typeof Revision>
export const Revisions = pageAnswer(Revision)
export const RevisionQuery = Type.Object({ page: PageQuery.page, limit: PageQuery.limit })
export type RevisionQuery = Static<typeof RevisionQuery>
export const RevisionDetail = Type.Object(
  { ...Revision.properties, content: Type.String() },
  { title: 'DocumentRevisionDetail' },
)
export type RevisionDetail = Static<typeof RevisionDetail>
export const RevisionParams = Type.Object({
  id: IdOf('document'),
  number: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }),
})

/** Every field of a document that leaves in a list. */
export function toListed(row: DocumentRow, highlight?: string): ListedDocument {
  return {
    id: row.id,
    title: row.title,
    type: row.type,
    size: row.size,
    folder: row.folder,
    folderId: row.folderId,
    teamId: row.teamId,
    owner: { id: row.ownerId, name: row.ownerName, avatar: row.ownerAvatar },
    tags: row.tags,
    views: row.views,
    shared: row.shared,
    revision: row.revision,
    deletedAt: row.deletedAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    ...(highlight !== undefined && { highlight }),
  }
}

export function toDocument(
  row: DocumentRow & { content: string },
  access: Level,
  collaborators: Document['collaborators'],
): Document {
  return { ...toListed(row), content: row.content, access, collaborators }
}

export function toRevision(row: RevisionRow): Revision {
  const { number, title, size, authorId, authorName, current, createdAt } = row
  const author = authorId === null ? null : { id: authorId, name: authorName ?? '' }
  return { number, title, size, author, current, createdAt: createdAt.toISOString() }
}
