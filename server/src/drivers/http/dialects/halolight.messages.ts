// What HaloLight's front ends call the fields of conversations, messages and notifications.
import type { Route } from '../routes.ts'

type Json = Record<string, unknown>

/** Lists that they iterate without unwrapping. */
export const BARE_TALK = [
  'conversations.list',
  'conversations.listAll',
  'messages.list',
  'messages.listOf',
  'notifications.list',
]

/** By this name alone they know the messages of whoever is signed in. */
const ONESELF = 'current-user'

/** The lists stand there without their meta: there is no second page to ask for. */
export function acceptTalk({ operation, path }: Route, part: 'body' | 'query', sent: Json): void {
  if (part === 'query' && BARE_TALK.includes(operation) && !path.includes(':')) sent.limit ??= '100'
}

/** An item of a conversation's, a message's or a notification's shape. */
export function presentTalk({ operation }: Route, answer: Json): Json {
  if (operation.startsWith('conversations.') && 'members' in answer) return conversation(answer)
  if (operation.startsWith('messages.') && 'sender' in answer) return message(answer)
  if (/^(messages\.read|notifications\.(markRead|markAll))/.test(operation))
    return { ...answer, success: true, conversationId: answer.id }
  if (operation.startsWith('notifications.') && 'content' in answer) return notification(answer)
  return answer
}

function conversation(answer: Json): Json {
  const last = answer.lastMessage as Json | null
  return {
    ...answer,
    avatar: answer.avatar ?? '',
    // Texts that they search and show: never null.
    lastMessage: last?.content ?? '',
    lastMessageTime: last?.createdAt ?? answer.updatedAt,
    online: false,
    participants: answer.members,
  }
}

function message(answer: Json): Json {
  const sender = answer.sender as Json
  const shown = answer.own ? { ...sender, id: ONESELF, userId: sender.id } : sender
  return { ...answer, sender: shown, isRead: answer.read }
}

function notification(answer: Json): Json {
  return { ...answer, message: answer.content, isRead: answer.read, time: answer.createdAt }
}
