// What can go wrong with conversations and messages. A conversation that one is not in is one that is not there.
import { defineErrors } from '../../../core/errors.ts'

export const messageErrors = defineErrors({
  'conversations.not_found': { kind: 'not_found', message: 'There is no such conversation.' },
  'conversations.group_only': { kind: 'conflict', message: 'Only groups have a name and members to change.' },
  'conversations.managers_only': {
    kind: 'forbidden',
    message: 'Only the owner and the administrators of the group may do this.',
  },
  'conversations.owner_stays': { kind: 'forbidden', message: 'The owner of a group is not removed by others.' },
  'conversations.member_not_found': { kind: 'not_found', message: 'This person is not in the conversation.' },
  'conversations.full': { kind: 'conflict', message: 'A group has 250 members at most.' },
  'messages.not_found': { kind: 'not_found', message: 'There is no such message.' },
  'messages.sender_only': { kind: 'forbidden', message: 'Only who sent a message may change it.' },
  'messages.too_late': { kind: 'conflict', message: 'The time in which a message can be changed is over.' },
  'messages.deleted': { kind: 'conflict', message: 'This message was deleted.' },
  'messages.nobody_there': { kind: 'conflict', message: 'The other person does not belong to the tenant any more.' },
})
