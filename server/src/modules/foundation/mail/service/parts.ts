// What the verbs of mail share: their parts, and writing a mail into a transaction.
import { newId } from '../../../../core/ids.ts'
import type { Database, Tx } from '../../../../drivers/database/index.ts'
import type { Mailbox, Mailer } from '../../../../drivers/mailer/index.ts'
import type { Jobs } from '../../../../drivers/queue/index.ts'
import type { Sealer } from '../../../../drivers/sealing/index.ts'
import type { Metrics } from '../../../../drivers/telemetry/index.ts'
import type { Audit } from '../../audit/index.ts'
import type { Events } from '../../events/index.ts'
import * as attachments from '../attachments.queries.ts'
import { deliverMail, sealContext } from '../delivery.ts'
import * as queries from '../mail.queries.ts'
import type { Templates } from '../templates.ts'

export interface MailOptions {
  /** The sender of every mail. */
  from: Mailbox
  /** What the product is called in mails. */
  product: string
  /**
   * Whether mail in the outbox keeps its live links, for whoever may view the tenant's mail: in development. Elsewhere one such
   * reader could take over every account.
   */
  liveOutbox: boolean
  /** How long a caller who waits for the mail server is let wait. */
  waitMs: number
  /** Of all files of one mail together. */
  attachmentMaxBytes: number
  /** How many mails people of a tenant may send to one address in an hour. */
  perRecipientHour: number
  /** How many they may send in a day, counted by recipients. */
  perTenantDay: number
  /** How long the content of a mail is kept. */
  retentionSeconds: number
}

export interface MailParts {
  database: Pick<Database, 'tenant' | 'inTenant' | 'acrossTenants'>
  jobs: Pick<Jobs, 'define' | 'enqueue' | 'hasten'>
  /** Undefined: mail stays in the outbox, to be read there. */
  mailer: Mailer | undefined
  sealer: Sealer
  audit: Pick<Audit, 'record'>
  events: Pick<Events, 'publish'>
  metrics?: Pick<Metrics, 'count'>
  /** The product's own alone when left out. */
  templates?: Templates
  options: MailOptions
}

export interface Content {
  html: string | null
  text: string | null
}

/** A mail as it is to be written. */
export interface Letter extends Content {
  template: string | null
  locale: string
  subject: string
  /** What is kept for people to read where the content is secret. */
  harmless?: Content
  recipients: queries.NewRecipient[]
  replyTo: string | null
  sentBy: string | null
  expiresInSeconds: number | null
  /** Ids of files that were kept for it. */
  attachments: readonly string[]
}

export interface Written {
  id: string
  state: 'queued' | 'outbox'
}

/** Writes mails, each with the job that delivers it: both are there after COMMIT, or neither is. */
export type Write = (tx: Tx, letter: Letter) => Promise<Written>

export type Verbs = MailParts & { templates: Templates; write: Write }

export function createWriter({ jobs, mailer, sealer, options }: MailParts): Write {
  const { from, liveOutbox } = options
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1)

  function keptOf(id: string, { html, text, harmless }: Letter) {
    if (!harmless || (!mailer && liveOutbox)) return { html, text, sealed: null, secret: false }
    if (!mailer) return { ...harmless, sealed: null, secret: false }
    return { ...harmless, sealed: sealer.seal(JSON.stringify({ html, text }), sealContext(id)), secret: true }
  }

  return async (tx, letter) => {
    const { harmless: _, attachments: files, ...row } = letter
    const id = newId()
    const state = mailer ? 'queued' : 'outbox'
    const jobId = mailer ? ((await jobs.enqueue(tx, deliverMail.name, { mailId: id })) ?? null) : null
    await queries.insert(tx, {
      ...row,
      ...keptOf(id, letter),
      id,
      state,
      jobId,
      from: from.name ? `${from.name} <${from.address}>` : from.address,
      messageId: `<${id}@${domain}>`,
    })
    if (files.length > 0 && (await attachments.takeOver(tx, id, files)) !== files.length)
      throw new Error('An attachment is gone before its mail was written.')
    return { id, state }
  }
}
