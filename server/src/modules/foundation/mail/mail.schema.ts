// What the log of mails shows.
import Type, { type Static } from 'typebox'
import { IdOf, Nullable, OneOf, PageQuery, Timestamp } from '../../../drivers/http/index.ts'
import type { SummaryRow, WholeRow } from './mail.queries.ts'

const STATES = ['queued', 'sending', 'sent', 'failed', 'outbox', 'cancelled'] as const

const State = OneOf(STATES, {
  description:
    'queued and sending: on its way; sent: the mail server took it; failed: given up; cancelled: its link died before it could be sent; outbox: kept to be read here, nothing is sent.',
})

export const MailSummary = Type.Object({
  id: IdOf('mail'),
  template: Nullable(Type.String({ examples: ['password_reset'] })),
  locale: Type.String({ examples: ['en'] }),
  subject: Type.String(),
  recipients: Type.Array(Type.String({ examples: ['mason@example.com'] })),
  from: Type.String(),
  state: State,
  attempts: Type.Integer({ description: 'How often it was handed to the mail server.' }),
  lastError: Nullable(Type.String()),
  createdAt: Timestamp,
  sentAt: Nullable(Timestamp),
})
export type MailSummary = Static<typeof MailSummary>

export const MailDetails = Type.Object({
  ...MailSummary.properties,
  html: Nullable(
    Type.String({
      description: 'Without the secret of a link, unless the mail is in the outbox of a development installation.',
    }),
  ),
  text: Nullable(Type.String()),
  providerAnswer: Nullable(Type.String({ description: "The mail server's last words." })),
  messageId: Nullable(Type.String()),
  expiresAt: Nullable(Timestamp),
})
export type MailDetails = Static<typeof MailDetails>

export const MailQuery = Type.Object({
  ...PageQuery,
  state: Type.Optional(OneOf(STATES)),
})
export type MailQuery = Static<typeof MailQuery>

/** Every field of a mail that leaves in lists. */
export function toMailSummary(row: SummaryRow): MailSummary {
  return {
    id: row.id,
    template: row.template,
    locale: row.locale,
    subject: row.subject,
    recipients: row.recipients,
    from: row.from,
    state: row.state,
    attempts: row.attempts,
    lastError: row.lastError,
    createdAt: row.createdAt.toISOString(),
    sentAt: row.sentAt?.toISOString() ?? null,
  }
}

/** Every field of one mail that leaves. */
export function toMailDetails(row: WholeRow): MailDetails {
  return {
    ...toMailSummary(row),
    html: row.html,
    text: row.text,
    providerAnswer: row.providerAnswer,
    messageId: row.messageId,
    expiresAt: row.expiresAt?.toISOString() ?? null,
  }
}
