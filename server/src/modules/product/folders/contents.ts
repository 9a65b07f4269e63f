// What lies in folders: modules that come later say here what a folder's fate means for theirs.
import type { Readable } from 'node:stream'
import type { UserActor } from '../../../core/actor.ts'
import type { Executor, Tx } from '../../../drivers/database/index.ts'

/** One thing as it is handed over with its folder. */
export interface FolderItem {
  folderId: string
  name: string
  modifiedAt: Date
  /** Undefined where the content may change until it is opened. */
  bytes: number | undefined
  open(): Promise<Readable>
  /** Notes who gets it, where that is noted. */
  handed?(reader: ItemReader): void
}

export interface ItemReader {
  userId: string
  ip: string
  userAgent: string
}

/** A part of what one deletion took: all of it in the subtree with this path. */
export interface Deletion {
  idPath: string
  /** The folder that was deleted. */
  deletedWith: string
}

/** One kind of thing that lies in folders. */
export interface FolderContents {
  kind: 'documents' | 'files'
  /** How many live ones in the subtree of an open folder are open to the actor, and their bytes together. */
  measure(db: Executor, actor: UserActor, idPath: string): Promise<{ count: number; size: number }>
  /** Those that have a content, so many at most, in an order of their own. */
  items(db: Executor, actor: UserActor, idPath: string, limit: number): Promise<FolderItem[]>
  /** Writes down where those below the folder lie now that it is called otherwise or lies elsewhere; only where it is written with them. */
  moved?(tx: Tx, folderId: string): Promise<void>
  /** Puts into the trash what lies in the folders that were deleted with this one. */
  trash(tx: Tx, folderId: string, byId: string): Promise<void>
  /** Brings back what went into the trash by one deletion and lies in a subtree. */
  restore(tx: Tx, gone: Deletion): Promise<void>
  /** Removes for good what has been deleted for longer than that, so many at once; answers how many went. */
  purge(tx: Tx, seconds: number, batch: number): Promise<number>
}
