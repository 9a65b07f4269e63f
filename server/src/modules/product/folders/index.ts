// The door of the folders module.
export type { Deletion, FolderContents, FolderItem } from './contents.ts'
export { folderErrors } from './folders.errors.ts'
export { folderEvents } from './folders.events.ts'
export { folderRoutes } from './folders.routes.ts'
export type { Folder } from './folders.schema.ts'
export { createFolders, type Folders } from './folders.service.ts'
export { purgeContentJob } from './service/trash.ts'
