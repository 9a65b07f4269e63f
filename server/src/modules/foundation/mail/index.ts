// The door of the mail module.
export { deliverMail } from './delivery.ts'
export { linkTo, spoken } from './links.ts'
export { mailEvents } from './mail.events.ts'
export { mailRoutes } from './mail.routes.ts'
export { createMail, type Mail, type MailParts, type MailToSend } from './mail.service.ts'
export type { TemplateName } from './templates.ts'
