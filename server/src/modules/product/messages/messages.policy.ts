// Who may do what in a conversation that they are in.
import { messageErrors } from './messages.errors.ts'

export type Role = 'owner' | 'admin' | 'member'

/** What a stored role means; rows of the other back end may have none, or another word. */
export function roleOf(stored: string | null): Role {
  return stored === 'owner' || stored === 'admin' ? stored : 'member'
}

export function mustBeGroup({ isGroup }: { isGroup: boolean }): void {
  if (!isGroup) throw messageErrors('conversations.group_only')
}

/** The owner and the administrators manage a group. */
export function mustManage(conversation: { isGroup: boolean; role: string | null }): void {
  mustBeGroup(conversation)
  if (roleOf(conversation.role) === 'member') throw messageErrors('conversations.managers_only')
}

/** Administrators take out members; the owner takes out anybody else. */
export function mayRemove(conversation: { isGroup: boolean; role: string | null }, about: string | null): void {
  mustManage(conversation)
  if (roleOf(about) === 'owner') throw messageErrors('conversations.owner_stays')
  if (roleOf(about) === 'admin' && roleOf(conversation.role) !== 'owner')
    throw messageErrors('conversations.managers_only')
}
