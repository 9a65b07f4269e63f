// What the mail tests share: mails to send, and mail servers that answer as they are told and keep what they take.

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { SMTPServer } from 'smtp-server'
import type { MailOptions, MailParts, MailToSend } from './index.ts'

export const options: MailOptions = {
  from: { address: 'ashlar@example.com', name: 'Ashlar' },
  product: 'Ashlar',
  liveOutbox: true,
  waitMs: 8_000,
  attachmentMaxBytes: 10_485_760,
  perRecipientHour: 20,
  perTenantDay: 10_000,
  retentionSeconds: 90 * 86_400,
}
/** For tests that are not about the audit trail. */
export const audit: MailParts['audit'] = { record: () => undefined }
export const token = 'a-token-that-nobody-may-read'
const link = `https://app.example.com/reset-password?token=${token}`
export const reset: MailToSend = {
  template: 'password_reset',
  to: { address: 'mason@example.com', name: 'Mason' },
  locale: 'en',
  values: { name: 'Mason', link, life: '30 minutes' },
  sensitive: true,
}
export const changed: MailToSend = {
  ...reset,
  template: 'password_changed',
  values: { name: 'Mason', ip: '203.0.113.7' },
  sensitive: false,
}

export interface Taken {
  from: string
  to: string[]
  /** As it came over the wire. */
  source: string
}

export interface PostOffice {
  port: number
  /** The settings of a server that sends through it. */
  env: Record<string, string>
  taken: Taken[]
  close(): Promise<void>
}

export interface PostRules {
  host?: string
  port?: number
  /** Thrown at RCPT TO; with `responseCode`. */
  refuseRecipient?(address: string): Error | undefined
  /** Thrown when the message is there; with `responseCode`. */
  refuseMessage?(taken: Taken): Error | undefined
  /** Takes the message and ends the connection without a word. */
  dropsMessage?(): boolean
  /** Offers STARTTLS or speaks TLS at once, by the certificate of the fixtures. */
  tls?: 'starttls' | 'tls'
  /** Who may sign in; nobody need when left out. */
  account?: { username: string; password: string }
}

const fixture = (name: string) => readFileSync(new URL(`../../../../test/fixtures/${name}`, import.meta.url), 'utf8')
/** What the certificate of a post office with TLS comes from: itself. */
export const CERTIFICATE = fixture('mail-server.cert.pem')

/** Opens an SMTP server on the loopback address. */
export async function openPostOffice(rules: PostRules = {}): Promise<PostOffice> {
  const taken: Taken[] = []
  const { tls, account } = rules
  const server = new SMTPServer({
    secure: tls === 'tls',
    ...(tls && { key: fixture('mail-server.key.pem'), cert: CERTIFICATE }),
    authOptional: account === undefined,
    disabledCommands: [...(account ? [] : ['AUTH']), ...(tls ? [] : ['STARTTLS'])],
    logger: false,
    // Ashlar keeps connections open for the next mail.
    closeTimeout: 300,
    onAuth({ username, password }, _session, done) {
      if (username === account?.username && password === account?.password) done(null, { user: username })
      else done(Object.assign(new Error('wrong password'), { responseCode: 535 }))
    },
    onRcptTo: ({ address }, _session, done) => done(rules.refuseRecipient?.(address)),
    onData(stream, { envelope, id }, done) {
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', () => {
        const from = envelope.mailFrom ? envelope.mailFrom.address : ''
        const to = envelope.rcptTo.map(({ address }) => address)
        const one = { from, to, source: Buffer.concat(parts).toString() }
        const refusal = rules.refuseMessage?.(one)
        if (refusal) return done(refusal)
        taken.push(one)
        if (!rules.dropsMessage?.()) return done(null, 'kept as number 7')
        for (const connection of server.connections as Set<Connection>) if (connection.id === id) connection.close()
      })
    },
  })
  server.on('error', () => undefined)
  server.listen(rules.port ?? 0, rules.host ?? '127.0.0.1')
  await once(server.server, 'listening')
  const { port } = server.server.address() as { port: number }
  return {
    port,
    env: {
      SMTP_HOST: '127.0.0.1',
      SMTP_PORT: String(port),
      MAIL_STARTTLS: 'false',
      MAIL_FROM: 'ashlar@example.com',
    },
    taken,
    close: () => new Promise((done) => server.close(() => done())),
  }
}

interface Connection {
  id: string
  close(): void
}

/** A server that takes the connection and never says a word. */
export async function openSilence(): Promise<{ port: number; close(): void }> {
  const server: Server = createServer((socket) => socket.on('error', () => undefined))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as { port: number }).port, close: () => server.close() }
}

/** The decoded text of a quoted-printable or 7bit message, headers first. */
export function readable(source: string): string {
  return source
    .replace(/=\r\n/g, '')
    .replace(/((?:=[0-9A-F]{2})+)/g, (run) => Buffer.from(run.replaceAll('=', ''), 'hex').toString())
}

/** For mails of which nobody is told. */
export const events = { publish() {} }
