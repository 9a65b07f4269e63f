// What sends mail, in the product's words.
import type { Readable } from 'node:stream'

export interface Mailbox {
  address: string
  /** The display name; empty for none. */
  name: string
}

/** The type of a part on which the reader's calendar acts; with a method it stands beside the texts, and is no file. */
export const CALENDAR_TYPE = 'text/calendar'

export interface Attachment {
  /** What the reader's program calls the file. */
  name: string
  /** The content type. */
  type: string
  /** Opened once the mail server takes the message. */
  content: Readable
}

export interface OutgoingMail {
  from: Mailbox
  /** As the header shows them. */
  to: readonly Mailbox[]
  cc?: readonly Mailbox[]
  replyTo?: string | undefined
  /** Who is to get it this time: any of those in the headers, and whoever stands in none. */
  envelope: readonly string[]
  subject: string
  /** At least one of the two is there. */
  html: string | undefined
  text: string | undefined
  attachments?: readonly Attachment[]
  /** With its angle brackets. The same for every try, so that a mail that arrives twice is known to be one. */
  messageId: string
  /** Gives up the attempt. */
  signal?: AbortSignal
}

/** What the server said about one recipient. */
export interface Refusal {
  /** As the envelope has it. */
  address: string
  /** Whether another try would be answered the same. */
  permanent: boolean
  response: string
}

export interface Delivery {
  /** The server's own words on taking the message. */
  response: string
  /** Those of the envelope for whom it did not take it. */
  refused: Refusal[]
}

export interface Mailer {
  /**
   * Hands the mail to the server, which then answers for it, for at least one recipient. Waits about 20 seconds for a server
   * that says nothing.
   * @throws MailRefused
   */
  send(mail: OutgoingMail): Promise<Delivery>
  /** Connects and signs in, for the doctor. Throws MailRefused. */
  verify(): Promise<void>
  close(): void
}

/** The mail was not taken for anybody. `permanent` when another try would be answered the same. */
export class MailRefused extends Error {
  readonly permanent: boolean
  /** The server's own words, where it spoke. */
  readonly response: string | undefined
  /** What it said about each recipient, where that is why. */
  readonly refused: readonly Refusal[]
  /** Nobody was there to talk to. */
  readonly isUnreachable: boolean

  constructor(
    message: string,
    permanent: boolean,
    details: { response?: string | undefined; cause?: unknown; refused?: Refusal[]; isUnreachable?: boolean } = {},
  ) {
    const { response, cause, refused = [], isUnreachable = false } = details
    super(message, { cause })
    this.name = 'MailRefused'
    this.permanent = permanent
    this.response = response
    this.refused = refused
    this.isUnreachable = isUnreachable
  }
}
