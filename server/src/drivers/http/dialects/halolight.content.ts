// What HaloLight's front ends call the fields of documents and folders, in both directions.
import type { Route } from '../routes.ts'

type Json = Record<string, unknown>

/** Writes whose callers read `code` and `data`, and leave the rest. */
const WITH_CODE = /^(documents|folders|files)\.(?!get|list|tree)/

/** Fields of documents under their other names: `name` for the title, and `all` or nothing for a filter that is none. */
export function acceptContent({ operation }: Route, part: 'body' | 'query', sent: Json): void {
  // The list stands there without its meta: there is no second page to ask for.
  if (operation === 'folders.list' && part === 'query') sent.limit ??= '100'
  if (operation?.startsWith('folders.') && sent.parentId === '') {
    if (part === 'query') delete sent.parentId
    else sent.parentId = null
  }
  if (operation?.startsWith('files.')) acceptFiles(operation, part, sent)
  if (!operation?.startsWith('documents.')) return
  if (part === 'query') {
    for (const key of ['type', 'folder', 'folderId', 'tags'])
      if (sent[key] === 'all' || sent[key] === '') delete sent[key]
    return
  }
  if (typeof sent.permission === 'string') sent.permission = sent.permission.toUpperCase()
  if (sent.title === undefined && sent.name !== undefined) sent.title = sent.name
  for (const key of ['folderId', 'teamId']) if (sent[key] === '') sent[key] = null
}

/** Lists show the folders of the place first; the root is where no other place is named. */
function acceptFiles(operation: string, part: 'body' | 'query', sent: Json): void {
  for (const key of ['folderId', 'parentId']) if (sent[key] === '') sent[key] = null
  if (part === 'query') {
    for (const key of ['type', 'folderId']) if (sent[key] === 'all' || sent[key] === null) delete sent[key]
    if (operation === 'files.list') sent.withFolders ??= 'true'
    return
  }
  for (const key of ['path', 'targetPath', 'parentPath']) if (sent[key] === '') delete sent[key]
  if (operation === 'files.folder' && sent.parentPath === undefined) sent.parentPath = sent.path
  for (const key of Object.keys(sent)) if (sent[key] === undefined) delete sent[key]
}

export function presentContent({ operation, method }: Route, answer: Json): Json {
  const named = operation.startsWith('documents.') ? documentAnswer(answer) : answer
  return method !== 'GET' && WITH_CODE.test(operation) ? { ...named, code: 200, data: named } : named
}

function documentAnswer(answer: Json): Json {
  if (Array.isArray(answer.data)) return { ...answer, data: answer.data.map(documentAnswer) }
  if (!('owner' in answer)) return answer
  return { ...answer, name: answer.title, author: answer.owner }
}
