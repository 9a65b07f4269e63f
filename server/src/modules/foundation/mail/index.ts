// The door of the mail module.
export { deliverMail } from './delivery.ts'
export { linkTo, spoken } from './links.ts'
export { mailRoutes } from './mail.routes.ts'
export { createMail, type Mail, type MailOptions, type MailParts, type MailToSend } from './mail.service.ts'
export { mailUpkeepJob } from './service/retention.ts'
export type { TemplateName } from './templates.ts'
