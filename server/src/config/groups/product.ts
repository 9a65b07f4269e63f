// Settings of what people tell each other, and are told.
import { duration } from '../kinds.ts'

export const messages = {
  changeSeconds: duration('MESSAGE_CHANGE_MINUTES', 'How long a message can be edited and deleted; 0 never.', {
    unit: 'm',
    to: 's',
    default: 15,
    min: 0,
    max: 525_600,
  }),
}

export const notifications = {
  mailDelaySeconds: duration(
    'NOTIFICATION_MAIL_DELAY_MINUTES',
    'How long a notification may be read before it is sent by mail as well, to those who want that.',
    { unit: 'm', to: 's', default: 5, min: 0, max: 1440 },
  ),
  retentionSeconds: duration('NOTIFICATION_RETENTION_DAYS', 'How long notifications are kept; 0 for ever.', {
    unit: 'd',
    to: 's',
    default: 90,
    min: 0,
    max: 3650,
  }),
}
