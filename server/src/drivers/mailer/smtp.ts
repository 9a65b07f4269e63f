// Mail over SMTP, with a few kept connections and short patience.
import { domainToASCII } from 'node:url'
import type { NodemailerError } from 'nodemailer'
import { isAddress, oneLine } from './addresses.ts'
import {
  type Attachment,
  CALENDAR_TYPE,
  type Mailbox,
  type Mailer,
  MailRefused,
  type OutgoingMail,
  type Refusal,
} from './mailer.ts'

export interface SmtpOptions {
  host: string
  port: number
  username: string | undefined
  password: string | undefined
  /** `tls` from the first byte, `starttls` or nothing is sent, or `none` for a server on the same machine. */
  security: 'tls' | 'starttls' | 'none'
  /** Certificates (PEM) that the server's must come from, in place of those that the system trusts. */
  tlsCa?: string | undefined
}

const CONNECTIONS = 5
const CONNECT_MS = 5_000
const GREETING_MS = 5_000
const SILENCE_MS = 10_000

interface SmtpLog {
  warn(facts: object, message: string): void
}

/** A mailer for one SMTP server. Opens no connection before the first mail, and loads no library. */
export function createSmtpMailer(options: SmtpOptions, log: SmtpLog): Mailer {
  let opened: ReturnType<typeof openTransport> | undefined
  const transport = () => (opened ??= openTransport(options, log))
  return {
    async send(mail) {
      const message = messageOf(mail)
      try {
        const { response, rejectedErrors = [] } = await (await transport()).sendMail(message)
        return { response, refused: refusalsOf(rejectedErrors, mail.envelope) }
      } catch (error) {
        throw refusal(error, mail.envelope)
      } finally {
        for (const { content } of mail.attachments ?? []) content.destroy()
      }
    },
    async verify() {
      try {
        await (await transport()).verify()
      } catch (error) {
        throw refusal(error)
      }
    },
    close: () => void opened?.then((open) => open.close()),
  }
}

async function openTransport({ host, port, username, password, security, tlsCa }: SmtpOptions, log: SmtpLog) {
  const { createTransport } = await import('nodemailer')
  const transport = createTransport({
    pool: true,
    maxConnections: CONNECTIONS,
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    tls: { minVersion: 'TLSv1.2', rejectUnauthorized: true, ...(tlsCa !== undefined && { ca: tlsCa }) },
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
  return transport
}

function messageOf(mail: OutgoingMail) {
  for (const address of mail.envelope) mustBeAddress(address)
  if (mail.replyTo !== undefined) mustBeAddress(mail.replyTo)
  return {
    from: checked(mail.from),
    to: mail.to.map(checked),
    cc: (mail.cc ?? []).map(checked),
    ...(mail.replyTo !== undefined && { replyTo: { address: mail.replyTo, name: '' } }),
    envelope: { from: mail.from.address, to: [...mail.envelope] },
    subject: oneLine(mail.subject),
    ...(mail.html !== undefined && { html: mail.html }),
    ...(mail.text !== undefined && { text: mail.text }),
    // RFC 6047: an invitation is another form of the text, with its method in the type.
    alternatives: (mail.attachments ?? [])
      .filter(isInvitation)
      .map(({ type, content }) => ({ contentType: type, content })),
    attachments: (mail.attachments ?? [])
      .filter((one) => !isInvitation(one))
      .map(({ name, type, content }) => ({
        filename: oneLine(name),
        contentType: type,
        content,
        contentDisposition: 'attachment' as const,
      })),
    messageId: mail.messageId,
    // RFC 3834: no out-of-office answers to a machine.
    headers: { 'Auto-Submitted': 'auto-generated' },
    ...(mail.signal && { signal: mail.signal }),
  }
}

const isInvitation = ({ type }: Attachment) => type.startsWith(`${CALENDAR_TYPE};`) && type.includes('method=')

function mustBeAddress(address: string): void {
  if (!isAddress(address)) throw new MailRefused('The address is not one e-mail address.', true)
}

function checked({ address, name }: Mailbox): Mailbox {
  mustBeAddress(address)
  return { address, name: oneLine(name) }
}

/**
 * Permanent is only what the server says for good about these recipients or this content (RFC 5321, 4.2.1). A refused
 * sender, a failed sign-in or TLS is for the operator to mend, and the mail waits for that.
 */
function refusal(error: unknown, envelope: readonly string[] = []): MailRefused {
  const { message, response, permanent = false, command = '', rejectedErrors = [] } = error as NodemailerError
  const refused = refusalsOf(rejectedErrors, envelope)
  const details = { response, cause: error, refused, isUnreachable: isUnreachable(error as NodemailerError) }
  return new MailRefused(message, permanent && /^(RCPT|DATA)/.test(command), details)
}

function isUnreachable({ code, originalCode = '', timeoutType = 'SOCKET_TIMEOUT' }: NodemailerError): boolean {
  return (
    code === 'EDNS' ||
    /^E(?:CONNREFUSED|HOSTUNREACH|NETUNREACH|HOSTDOWN)$/.test(originalCode) ||
    (code === 'ETIMEDOUT' && timeoutType !== 'SOCKET_TIMEOUT')
  )
}

/**
 * Each refusal under the address as the envelope has it, whose domain the library writes in its own way. One that fits no address may be
 * about any: then everybody of whom nothing else is known has to be tried again.
 */
export function refusalsOf(errors: readonly NodemailerError[], envelope: readonly string[]): Refusal[] {
  const byAddress = new Map(errors.map((error) => [canonical(error.recipient ?? ''), error]))
  const known = new Set(envelope.map(canonical))
  const stray = errors.find(({ recipient = '' }) => !known.has(canonical(recipient)))
  return envelope.flatMap((address) => {
    const error = byAddress.get(canonical(address)) ?? stray
    if (!error) return []
    const { permanent = false, response, message } = error
    return [{ address, permanent: permanent && error !== stray, response: response ?? message }]
  })
}

/** As the library writes it to the server. */
function canonical(address: string): string {
  const at = address.lastIndexOf('@') + 1
  const domain = address.slice(at)
  return address.slice(0, at) + (domainToASCII(domain) || domain.toLowerCase())
}
