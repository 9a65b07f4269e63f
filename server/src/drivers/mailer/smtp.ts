// Mail over SMTP, with a few kept connections and short patience.
import { createTransport, type NodemailerError } from 'nodemailer'
import { isAddress, oneLine } from './addresses.ts'
import { type Mailbox, type Mailer, MailRefused } from './mailer.ts'

export interface SmtpOptions {
  host: string
  port: number
  username: string | undefined
  password: string | undefined
  /** `tls` from the first byte, `starttls` or nothing is sent, or `none` for a server on the same machine. */
  security: 'tls' | 'starttls' | 'none'
}

const CONNECTIONS = 5
const CONNECT_MS = 5_000
const GREETING_MS = 5_000
const SILENCE_MS = 10_000

interface SmtpLog {
  warn(facts: object, message: string): void
}

/** A mailer for one SMTP server. Opens no connection before the first mail. */
export function createSmtpMailer({ host, port, username, password, security }: SmtpOptions, log: SmtpLog): Mailer {
  const transport = createTransport({
    pool: true,
    maxConnections: CONNECTIONS,
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(username !== undefined && { auth: { user: username, pass: password ?? '' } }),
    connectionTimeout: CONNECT_MS,
    greetingTimeout: GREETING_MS,
    socketTimeout: SILENCE_MS,
    dnsTimeout: CONNECT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  // A connection that waits in the pool may end at any time: no mail is lost by it.
  transport.on('error', (error) => log.warn({ reason: error.message }, 'a connection to the mail server was lost'))

  return {
    async send(mail) {
      const to = checked(mail.to)
      try {
        const { messageId, response } = await transport.sendMail({
          from: checked(mail.from),
          to: [to],
          envelope: { from: mail.from.address, to: [to.address] },
          subject: oneLine(mail.subject),
          html: mail.html,
          text: mail.text,
          messageId: mail.messageId,
          // RFC 3834: no out-of-office answers to a machine.
          headers: { 'Auto-Submitted': 'auto-generated' },
        })
        return { messageId, response }
      } catch (error) {
        throw refusal(error)
      }
    },
    async verify() {
      try {
        await transport.verify()
      } catch (error) {
        throw refusal(error)
      }
    },
    close: () => transport.close(),
  }
}

function checked({ address, name }: Mailbox): Mailbox {
  if (!isAddress(address)) throw new MailRefused('The address is not one e-mail address.', true, undefined, undefined)
  return { address, name: oneLine(name) }
}

/**
 * Permanent is only what the server says for good about this recipient or this content (RFC 5321, 4.2.1). A refused
 * sender, a failed sign-in or TLS is for the operator to mend, and the mail waits for that.
 */
function refusal(error: unknown): MailRefused {
  const { message, response, permanent = false, command = '' } = error as NodemailerError
  return new MailRefused(message, permanent && /^(RCPT|DATA)/.test(command), response, error)
}
