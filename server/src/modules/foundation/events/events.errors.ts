// What can go wrong with the stream of events.
import { defineErrors } from '../../../core/errors.ts'

export const eventErrors = defineErrors({
  'events.unknown_type': { kind: 'invalid', message: 'There is no event of this name.' },
  'events.too_many_streams': {
    kind: 'limited',
    message: 'You have as many event streams open as one person may. Close one first.',
  },
  'events.busy': { kind: 'unavailable', message: 'This server has as many event streams open as it may.' },
})
