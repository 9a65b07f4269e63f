// What lies in folders: modules that come later say here what a folder's fate means for theirs.
import type { Executor, Tx } from '../../../drivers/database/index.ts'

/** One kind of thing that lies in folders. */
export interface FolderContents {
  kind: 'documents' | 'files'
  /** How many live ones lie in the subtree of the folder with this path, and their bytes together. */
  measure(db: Executor, idPath: string): Promise<{ count: number; size: number }>
  /** Puts into the trash what lies in the folders that were deleted with this one. */
  trash(tx: Tx, folderId: string, byId: string): Promise<void>
  /** Brings back what was deleted with the folder. */
  restore(tx: Tx, folderId: string): Promise<void>
  /** Removes for good what has been deleted for longer than that, so many at once; answers how many went. */
  purge(tx: Tx, seconds: number, batch: number): Promise<number>
}
