// What can go wrong with notifications.
import { defineErrors } from '../../../core/errors.ts'

export const notificationErrors = defineErrors({
  'notifications.not_found': { kind: 'not_found', message: 'There is no such notification.' },
})
