// What people send: mails in their several shapes, and what they are answered.
import Type, { type Static } from 'typebox'
import { Body, Email, IdOf, Nullable, OneOf, READ_APART, Text } from '../../../drivers/http/index.ts'
import { MailState, Recipient } from './mail.schema.ts'

export const MAX_RECIPIENTS = 50
const MAX_BULK = 100
export const MAX_ATTACHMENTS = 20
const MAX_CONTENT = 200_000

const Addresses = (least: number, description: string) =>
  Type.Array(Email, { minItems: least, maxItems: MAX_RECIPIENTS, description })

const Subject = Text(300, { description: 'One line.', examples: ['The order of the week'] })
const Content = (options: Record<string, unknown> = {}) => Text(MAX_CONTENT, options)

const Optional = {
  cc: Type.Optional(Addresses(0, 'Copies, named in the mail.')),
  bcc: Type.Optional(Addresses(0, 'Copies that no other recipient sees.')),
  replyTo: Type.Optional(Email),
}
const To = Addresses(1, `With cc and bcc at most ${MAX_RECIPIENTS}; each address gets the mail once.`)

const FORMAT = OneOf(['html', 'text'], {
  description: 'What the body is; left out, it is HTML when it has tags of it.',
})

export const SingleMail = Body({
  recipients: To,
  subject: Subject,
  body: Content({ examples: ['Twelve slabs are ready to be collected.'] }),
  format: Type.Optional(FORMAT),
  ...Optional,
})
export type SingleMail = Static<typeof SingleMail>

export const TwoPartMail = Body({
  recipients: To,
  subject: Subject,
  htmlBody: Content({ examples: ['<p>Twelve slabs are <b>ready</b>.</p>'] }),
  textBody: Content({ examples: ['Twelve slabs are ready.'] }),
  ...Optional,
})
export type TwoPartMail = Static<typeof TwoPartMail>

const Told = Type.Unsafe<Record<string, unknown>>({
  type: 'object',
  maxProperties: 100,
  additionalProperties: true,
  description: "What the template is told, by name: texts and numbers, and for a tenant's own also lists and objects.",
  examples: [{ name: 'Mason' }],
})

export const TemplateMail = Body({
  recipients: To,
  subject: Type.Optional(Text(300, { description: "In place of the template's own." })),
  templateName: Text(100, { description: 'With or without .html.', examples: ['password_reset_success.html'] }),
  templateBody: Told,
  locale: Type.Optional(Type.String({ minLength: 2, maxLength: 35, description: 'A language tag, such as de-CH.' })),
  ...Optional,
})
export type TemplateMail = Static<typeof TemplateMail>

/** A form has lists as a field that stands several times, or as one with commas. */
const Listed = Type.Unsafe<string | string[]>({
  anyOf: [
    { type: 'string', maxLength: MAX_RECIPIENTS * 256 },
    { type: 'array', maxItems: MAX_RECIPIENTS, items: { type: 'string', maxLength: 254 } },
  ],
  description: 'Addresses: as several fields, or with commas between.',
})

export const AttachmentMail = Body({
  recipients: Listed,
  subject: Subject,
  body: Content(),
  format: Type.Optional(FORMAT),
  cc: Type.Optional(Listed),
  bcc: Type.Optional(Listed),
  replyTo: Type.Optional(Email),
})
export type AttachmentMail = Static<typeof AttachmentMail>

/** Each is looked at on its own: a bad one must not stop the others. */
export const BulkMail = Body({
  emails: Type.Array(
    Type.Unsafe<unknown>({
      description: 'An object as for `POST /mail/email`.',
      examples: [{ recipients: ['mason@example.com'], subject: 'The order of the week', body: 'Twelve slabs.' }],
    }),
    { minItems: 1, maxItems: MAX_BULK, [READ_APART]: true },
  ),
})
export type BulkMail = Static<typeof BulkMail>

export const Accepted = Type.Object(
  {
    id: IdOf('mail'),
    state: MailState,
    recipients: Type.Array(Recipient),
    error: Nullable(Type.String({ description: 'Why it is not sent yet, or not to everybody.' })),
  },
  { title: 'AcceptedMail' },
)
export type Accepted = Static<typeof Accepted>

const Fault = Type.Object({ path: Type.String(), code: Type.String(), message: Type.String() })

export const BulkResult = Type.Object({
  index: Type.Integer({ description: 'Its place among the mails that were sent, from 0.' }),
  accepted: Type.Boolean(),
  id: Type.Optional(IdOf('mail')),
  state: Type.Optional(MailState),
  code: Type.Optional(Type.String({ description: 'Why it was refused.', examples: ['request.invalid'] })),
  message: Type.Optional(Type.String()),
  errors: Type.Optional(Type.Array(Fault)),
  retryAfter: Type.Optional(Type.Integer({ description: 'Seconds until a limit lets it pass.' })),
})
export type BulkResult = Static<typeof BulkResult>

export const BulkAnswer = Type.Object(
  { accepted: Type.Integer(), refused: Type.Integer(), results: Type.Array(BulkResult) },
  { title: 'BulkMailAnswer' },
)
export type BulkAnswer = Static<typeof BulkAnswer>
