// What becomes of mails.
import Type from 'typebox'
import { defineEvent } from '../../../core/events.ts'

const aggregate = 'mail'
const schema = Type.Object({})
const live = { permission: 'mail:view' }

export const MailSent = defineEvent({
  name: 'mail.sent',
  aggregate,
  summary: 'The mail server took a mail.',
  schema,
  live,
})

export const MailFailed = defineEvent({
  name: 'mail.failed',
  aggregate,
  summary: 'A mail did not reach all of its recipients: refused by the mail server, or given up after a day of tries.',
  schema,
  live,
})

export const mailEvents = [MailSent, MailFailed]
