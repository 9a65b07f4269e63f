// The door of the folders module.
export type { FolderContents } from './contents.ts'
export { folderErrors } from './folders.errors.ts'
export { folderEvents } from './folders.events.ts'
export { folderRoutes } from './folders.routes.ts'
export { createFolders, type Folders } from './folders.service.ts'
export { mustBeInTeam } from './service/parts.ts'
export { purgeContentJob } from './service/trash.ts'
