// The door of the access module.

export { accessErrors, CONTENT_ERRORS } from './access.errors.ts'
export { contentGiven } from './access.events.ts'
export { atLeast, isManager, type Kind, LEVELS, type Level, SHARE_LEVELS, type ShareLevel } from './access.policy.ts'
export {
  alongWays,
  countAlongWays,
  countIn,
  folderAt,
  foldersBelow,
  idsIn,
  inTrash,
  isInSpan,
  isWithin,
  lockItem,
  namesOf,
  spanOf,
  spansOf,
  waysToTrash,
} from './access.queries.ts'
export { Collaborator, DownloadUrl, EndedShares, NewShare, toCollaborator } from './access.schema.ts'
export { type Access, createAccess, isOpen, pathOf, type Reach, type Standing } from './access.service.ts'
export { type BatchResult, batchResult, deleteEach } from './batch.ts'
export { createSignedLinks, type LinkTarget, type SignedLinks } from './links.ts'
export { contentName, MAX_NAME } from './names.ts'
export {
  CONTENT_SHARES,
  endShare,
  isTarget,
  ofTargets,
  SHARED_WITH,
  type ShareRow,
  type ShareTable,
} from './shares.queries.ts'
export { unshare } from './shares.ts'
export { mustBeInTeam } from './teams.ts'
