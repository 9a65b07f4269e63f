// Settings of outgoing mail.
import { readEmail, readHostname } from '../formats.ts'
import { boolean, integer, secret, text } from '../kinds.ts'

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
  outbox: boolean(
    'MAIL_OUTBOX',
    'Whether mail is kept to be read under /mail and never sent. Its links work in development and test only; elsewhere their secrets are not kept.',
    {
      shown: 'true without SMTP_HOST, except in production',
    },
  ),
}
