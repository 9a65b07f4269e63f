// What the log of mails shows.
import Type, { type Static } from 'typebox'
import { IdOf, Nullable, OneOf, PageQuery, sorting, Timestamp } from '../../../drivers/http/index.ts'
import type { SummaryRow, WholeRow } from './mail.queries.ts'
import type { AttachmentRow, AttemptRow, RecipientRow } from './mail.tables.ts'

const STATES = ['queued', 'sending', 'sent', 'partial', 'failed', 'outbox', 'cancelled'] as const

export const MailState = OneOf(STATES, {
  description:
    'queued and sending: on its way; sent: the mail server took it for everybody; partial: it took it for some recipients, and refused the others; failed: given up; cancelled: its link died before it could be sent; outbox: kept to be read here, nothing is sent.',
})

export const Recipient = Type.Object({
  kind: OneOf(['to', 'cc', 'bcc']),
  address: Type.String({ examples: ['mason@example.com'] }),
  state: OneOf(['waiting', 'accepted', 'refused', 'failed'], {
    description:
      'waiting: the mail server has not taken it yet; accepted; refused: for good, in the words of answer; failed: given up.',
  }),
  answer: Nullable(Type.String({ description: 'What the mail server said last about this recipient.' })),
})
export type Recipient = Static<typeof Recipient>

export const MailSummary = Type.Object({
  id: IdOf('mail'),
  template: Nullable(Type.String({ examples: ['password_reset'] })),
  locale: Type.String({ examples: ['en'] }),
  subject: Type.String(),
  recipients: Type.Array(Type.String({ examples: ['mason@example.com'] })),
  from: Type.String(),
  sentBy: Nullable(IdOf('user', { description: 'Who had it sent; null for what the product writes by itself.' })),
  state: MailState,
  attempts: Type.Integer({ description: 'How often it was handed to the mail server.' }),
  lastError: Nullable(Type.String()),
  createdAt: Timestamp,
  sentAt: Nullable(Timestamp),
})
export type MailSummary = Static<typeof MailSummary>

const Attempt = Type.Object({
  number: Type.Integer({ description: 'From 1.' }),
  startedAt: Timestamp,
  endedAt: Nullable(Timestamp),
  outcome: Nullable(
    OneOf(['accepted', 'partial', 'deferred', 'refused'], {
      description:
        'accepted: for everybody who waited; partial: for some; deferred: another try comes; refused: for good. Null: under way, or the process ended on the way.',
    }),
  ),
  answer: Nullable(Type.String({ description: "The mail server's words." })),
  error: Nullable(Type.String()),
})

const Attachment = Type.Object({ name: Type.String(), type: Type.String(), bytes: Type.Integer() })

export const MailDetails = Type.Object({
  ...MailSummary.properties,
  replyTo: Nullable(Type.String()),
  html: Nullable(
    Type.String({
      description: 'Without the secret of a link, unless the mail is in the outbox of a development installation.',
    }),
  ),
  text: Nullable(Type.String()),
  providerAnswer: Nullable(Type.String({ description: "The mail server's last words." })),
  messageId: Nullable(Type.String()),
  expiresAt: Nullable(Timestamp),
  contentDeletedAt: Nullable(Timestamp),
  delivery: Type.Array(Recipient, { description: 'What became of it for each recipient.' }),
  history: Type.Array(Attempt, { description: 'The last 100 tries, oldest first.' }),
  attachments: Type.Array(Attachment),
})
export type MailDetails = Static<typeof MailDetails>

export const SORT_KEYS = ['createdAt', 'sentAt', 'subject'] as const

export const MailQuery = Type.Object({
  ...PageQuery,
  ...sorting(SORT_KEYS, 'createdAt'),
  state: Type.Optional(OneOf(STATES)),
  template: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  recipient: Type.Optional(Type.String({ minLength: 1, maxLength: 254, description: 'A whole address, in any case.' })),
  since: Type.Optional(Timestamp),
  until: Type.Optional(Timestamp),
})
export type MailQuery = Static<typeof MailQuery>

export const PreviewQuery = Type.Object({ format: Type.Optional(OneOf(['html', 'text'], { default: 'html' })) })
export type PreviewQuery = Static<typeof PreviewQuery>

/** Every field of a mail that leaves in lists. */
export function toMailSummary(row: SummaryRow): MailSummary {
  return {
    id: row.id,
    template: row.template,
    locale: row.locale,
    subject: row.subject,
    recipients: row.recipients,
    from: row.from,
    sentBy: row.sentBy,
    state: row.state,
    attempts: row.attempts,
    lastError: row.lastError,
    createdAt: row.createdAt.toISOString(),
    sentAt: row.sentAt?.toISOString() ?? null,
  }
}

export interface About {
  recipients: RecipientRow[]
  attempts: AttemptRow[]
  attachments: AttachmentRow[]
}

/** Every field of one mail that leaves. */
export function toMailDetails(row: WholeRow, { recipients, attempts, attachments }: About): MailDetails {
  return {
    ...toMailSummary(row),
    replyTo: row.replyTo,
    html: row.html,
    text: row.text,
    providerAnswer: row.providerAnswer,
    messageId: row.messageId,
    expiresAt: row.expiresAt?.toISOString() ?? null,
    contentDeletedAt: row.contentDeletedAt?.toISOString() ?? null,
    delivery: recipients.map(toRecipient),
    history: attempts.map(({ number, startedAt, endedAt, outcome, answer, error }) => ({
      number,
      startedAt: startedAt.toISOString(),
      endedAt: endedAt?.toISOString() ?? null,
      outcome,
      answer,
      error,
    })),
    attachments: attachments.map(({ name, type, bytes }) => ({ name, type, bytes })),
  }
}

export function toRecipient({ kind, address, state, answer }: Omit<RecipientRow, 'tenantId' | 'mailId'>): Recipient {
  return { kind, address, state, answer }
}
