// The door of the mailer driver.
export { breaksLines, isAddress, oneLine } from './addresses.ts'
export {
  type Attachment,
  CALENDAR_TYPE,
  type Mailbox,
  type Mailer,
  MailRefused,
  type OutgoingMail,
  type Refusal,
} from './mailer.ts'
export { createSmtpMailer, type SmtpOptions } from './smtp.ts'
