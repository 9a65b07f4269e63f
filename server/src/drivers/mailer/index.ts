// The door of the mailer driver.
export { isAddress, oneLine } from './addresses.ts'
export { type Mailbox, type Mailer, MailRefused, type OutgoingMail } from './mailer.ts'
export { createSmtpMailer, type SmtpOptions } from './smtp.ts'
