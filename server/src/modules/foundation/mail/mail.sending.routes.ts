// Sending mail over HTTP: one in several shapes, and many at once.
import { type Route, route } from '../../../drivers/http/index.ts'
import {
  Accepted,
  AttachmentMail,
  BulkAnswer,
  BulkMail,
  SingleMail,
  TemplateMail,
  TwoPartMail,
} from './mail.sending.schema.ts'
import type { Mail } from './mail.service.ts'

const LIMITS = ['mail.recipient_limit', 'mail.tenant_limit']
const WAITS =
  'Waits a few seconds for the mail server and answers with what it said; what it has not taken by then is tried again for a day.'
/** Beside the files there are texts, and the lines between the parts. */
const FORM_BYTES = 1_048_576

export function sendingRoutes(mail: Mail): Route[] {
  return [
    route({
      method: 'POST',
      path: '/mail/email',
      operation: 'mail.send',
      access: 'mail:send',
      summary: 'Send a mail',
      description: WAITS,
      body: SingleMail,
      status: 202,
      answer: Accepted,
      errors: LIMITS,
      handle: ({ actor, body, facts }) => mail.sendNow(actor, body, facts),
    }),
    route({
      method: 'POST',
      path: '/mail/email/background',
      operation: 'mail.sendLater',
      access: 'mail:send',
      summary: 'Send a mail without waiting for the mail server',
      body: SingleMail,
      status: 202,
      answer: Accepted,
      errors: LIMITS,
      handle: ({ actor, body, facts }) => mail.sendLater(actor, body, facts),
    }),
    route({
      method: 'POST',
      path: '/mail/email/template',
      operation: 'mail.sendTemplate',
      access: 'mail:send',
      summary: 'Send a mail from a template',
      description: WAITS,
      body: TemplateMail,
      status: 202,
      answer: Accepted,
      errors: ['mail.template_not_found', 'mail.template_reserved', ...LIMITS],
      handle: ({ actor, body, facts }) => mail.sendTemplate(actor, body, facts),
    }),
    route({
      method: 'POST',
      path: '/mail/email/multipart',
      operation: 'mail.sendTwoParts',
      access: 'mail:send',
      summary: 'Send a mail as HTML and as text',
      description: WAITS,
      body: TwoPartMail,
      status: 202,
      answer: Accepted,
      errors: LIMITS,
      handle: ({ actor, body, facts }) => mail.sendTwoParts(actor, body, facts),
    }),
    route({
      method: 'POST',
      path: '/mail/email/attachment',
      operation: 'mail.sendFiles',
      access: 'mail:send',
      summary: 'Send a mail with files',
      description: `${WAITS} An Idempotency-Key knows files by their content.`,
      body: AttachmentMail,
      accepts: ['multipart'],
      uploads: mail.uploads,
      bodyLimit: mail.uploads.maxBytes + FORM_BYTES,
      status: 202,
      answer: Accepted,
      errors: ['request.too_large', ...LIMITS],
      handle: ({ actor, body, uploads, facts }) => mail.sendFiles(actor, body, uploads, facts),
    }),
    route({
      method: 'POST',
      path: '/mail/email/bulk',
      operation: 'mail.sendBulk',
      access: 'mail:send',
      summary: 'Send many mails at once',
      description:
        'Answers at once, for each mail with its id or why it is refused: one bad mail does not stop the others. Those that are accepted are written together.',
      body: BulkMail,
      status: 202,
      answer: BulkAnswer,
      handle: ({ actor, body, facts }) => mail.sendBulk(actor, body, facts),
    }),
  ]
}
