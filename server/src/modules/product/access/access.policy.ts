// How far access to an item reaches, and who reaches all items.
import type { UserActor } from '../../../core/actor.ts'
import { grantFor } from '../../../core/permission.ts'

export type Kind = 'document' | 'file' | 'folder'

/** From the least to the most. Each includes those before it. */
export const LEVELS = ['READ', 'COMMENT', 'EDIT', 'OWNER'] as const
export type Level = (typeof LEVELS)[number]

/** What can be given away. */
export const SHARE_LEVELS = ['READ', 'COMMENT', 'EDIT'] as const
export type ShareLevel = (typeof SHARE_LEVELS)[number]

const MANAGING: Record<Kind, string> = {
  document: 'documents:manage',
  file: 'files:manage',
  folder: 'files:manage',
}

/** The permission to look at anything of the kind. */
export const VIEWING: Record<Kind, string> = { document: 'documents:view', file: 'files:view', folder: 'files:view' }

/** Whether the actor reaches every item of the kind in the tenant as its owner does. */
export function isManager(actor: UserActor, kind: Kind): boolean {
  return grantFor(actor.permissions, MANAGING[kind]) !== undefined
}

export function atLeast(level: Level, least: Level): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(least)
}
