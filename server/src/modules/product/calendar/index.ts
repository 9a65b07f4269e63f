// The door of the calendar module.
export { calendarModuleEvents } from './calendar.events.ts'
export { calendarRoutes } from './calendar.routes.ts'
export { type Calendar, createCalendar } from './calendar.service.ts'
export { MOST_COUNTED } from './service/occurrences.ts'
export { remindJob, sweepRemindersJob } from './service/reminding.ts'
