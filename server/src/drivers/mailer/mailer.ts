// What sends mail, in the product's words.

export interface Mailbox {
  address: string
  /** The display name; empty for none. */
  name: string
}

export interface OutgoingMail {
  from: Mailbox
  to: Mailbox
  subject: string
  html: string
  text: string
  /** With its angle brackets. The same for every try, so that a mail that arrives twice is known to be one. */
  messageId: string
}

export interface Mailer {
  /**
   * Hands the mail to the server, which then answers for it. Waits at most about 20 seconds.
   * @throws MailRefused
   */
  send(mail: OutgoingMail): Promise<{ messageId: string; response: string }>
  /** Connects and signs in, for the doctor. Throws MailRefused. */
  verify(): Promise<void>
  close(): void
}

/** The mail was not taken. `permanent` when another try would be answered the same. */
export class MailRefused extends Error {
  readonly permanent: boolean
  /** The server's own words, where it spoke. */
  readonly response: string | undefined

  constructor(message: string, permanent: boolean, response: string | undefined, cause: unknown) {
    super(message, { cause })
    this.name = 'MailRefused'
    this.permanent = permanent
    this.response = response
  }
}
