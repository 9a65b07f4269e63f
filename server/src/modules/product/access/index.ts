// The door of the access module.
export { accessErrors, CONTENT_ERRORS } from './access.errors.ts'
export { atLeast, isManager, type Kind, LEVELS, type Level, SHARE_LEVELS, type ShareLevel } from './access.policy.ts'
export { alongWays, foldersBelow, lockTree } from './access.queries.ts'
export { Collaborator, EndedShares, NewShare, toCollaborator } from './access.schema.ts'
export { type Access, createAccess, type Reach, type Standing } from './access.service.ts'
export { contentName, MAX_NAME } from './names.ts'
export { CONTENT_SHARES, isTarget, ofTargets, type ShareRow, type ShareTable } from './shares.queries.ts'
export { share, unshare } from './shares.ts'
