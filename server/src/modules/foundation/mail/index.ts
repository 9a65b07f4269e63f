// The door of the mail module.
export { deliverMail } from './delivery.ts'
export { linkTo } from './links.ts'
export { mailRoutes } from './mail.routes.ts'
export { createMail, type Mail, type MailParts, type MailToSend } from './mail.service.ts'
export { templateRoutes } from './templates.routes.ts'
export { createTemplateDesk } from './templates.service.ts'
export { createTemplates, type TemplateName, type Templates } from './templates.ts'
export { canonicalLocale, preferredLanguage } from './templating/words.ts'
