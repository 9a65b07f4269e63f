// Settings of outgoing mail.
import { readEmail, readHostname, readPems } from '../formats.ts'
import { boolean, duration, integer, secret, size, text } from '../kinds.ts'

export const mail = {
  host: text('SMTP_HOST', 'The server that takes our mail.', {
    aliases: ['MAIL_SERVER'],
    allowed: 'a host name',
    read: readHostname,
  }),
  port: integer('SMTP_PORT', 'Its port.', { default: 587, min: 1, max: 65_535, aliases: ['MAIL_PORT'] }),
  username: text('SMTP_USERNAME', 'The user to sign in with.', { aliases: ['MAIL_USERNAME', 'SMTP_USER'] }),
  password: secret('SMTP_PASSWORD', 'The password to sign in with.', { aliases: ['MAIL_PASSWORD'] }),
  from: text('MAIL_FROM', 'The sender of every mail.', {
    allowed: 'an e-mail address',
    read: readEmail,
    shown: 'SMTP_USERNAME when that is an address',
  }),
  fromName: text('MAIL_FROM_NAME', "The sender's name.", { shown: '<PROJECT_NAME>' }),
  starttls: boolean('MAIL_STARTTLS', 'Whether the connection must turn to TLS after the greeting.', { shown: 'true' }),
  tls: boolean('MAIL_SSL_TLS', 'Whether the connection is TLS from its first byte.', {
    shown: 'false; true on port 465',
  }),
  tlsCa: text(
    'SMTP_TLS_CA',
    "Certificates that the mail server's must come from, where the system's own do not know it: a private authority, or a server's own. It is verified in any case.",
    { allowed: 'certificates in PEM form, line breaks written as \\n', read: (given) => readPems(given).join('') },
  ),
  outbox: boolean(
    'MAIL_OUTBOX',
    'Whether mail is kept to be read under /mail and never sent. Its links work in development and test only; elsewhere their secrets are not kept.',
    {
      shown: 'true without SMTP_HOST, except in production',
    },
  ),
  attachmentMaxBytes: size('MAIL_ATTACHMENT_MAX_BYTES', 'The largest attachments of one mail together.', {
    default: 10_485_760,
    unit: 'b',
    min: 1_024,
    max: 104_857_600,
  }),
  maxPerRecipientHour: integer(
    'MAIL_MAX_PER_RECIPIENT_HOUR',
    "How many mails the people of a tenant may send to one address in an hour. The product's own mails do not count.",
    { default: 20, min: 1, max: 1_000_000 },
  ),
  maxPerTenantDay: integer(
    'MAIL_MAX_PER_TENANT_DAY',
    "How many mails the people of a tenant may send in a day, counted by recipients. The product's own mails do not count.",
    { default: 10_000, min: 1, max: 100_000_000 },
  ),
  retentionSeconds: duration('MAIL_RETENTION_DAYS', 'How long the content and the attachments of mails are kept.', {
    unit: 'd',
    to: 's',
    default: 90,
    min: 2,
    max: 3_650,
  }),
}
