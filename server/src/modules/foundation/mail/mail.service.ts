// Mail: written in the transaction of what it tells about, sent by a job after COMMIT, and kept with what became of it.
import type { UserActor } from '../../../core/actor.ts'
import { newId } from '../../../core/ids.ts'
import { decodeCursor, encodeCursor, type Page, pageOf } from '../../../core/page.ts'
import type { Database, Tx } from '../../../drivers/database/index.ts'
import { isAddress, type Mailbox, type Mailer, oneLine } from '../../../drivers/mailer/index.ts'
import type { Jobs } from '../../../drivers/queue/index.ts'
import type { Sealer } from '../../../drivers/sealing/index.ts'
import { deliverMail, deliveryJob, sealContext } from './delivery.ts'
import { mailErrors } from './mail.errors.ts'
import * as queries from './mail.queries.ts'
import { type MailDetails, type MailQuery, type MailSummary, toMailDetails, toMailSummary } from './mail.schema.ts'
import { createTemplates, type TemplateName, type Templates, type Values } from './templates.ts'

export interface MailToSend {
  template: TemplateName
  /** One stored address; the name may be anything and is made harmless. */
  to: Mailbox
  /** What the reader prefers; else what the tenant does, else the installation, else English. */
  locale?: string | null
  /** What the template is told. Links must be whole web addresses, made from our own configuration; durations are seconds. */
  values: Values
  /** Whether the content may be used by whoever reads it. Templates with a live link are sensitive in any case. */
  sensitive?: boolean
  /** After this time it is cancelled instead of sent. */
  expiresInSeconds?: number
}

export interface Mail {
  /** Writes a mail into the transaction, for the transaction's tenant, and answers its id. Never waits for a mail server. */
  send(tx: Tx, mail: MailToSend): Promise<string>
  list(actor: UserActor, query: MailQuery): Promise<Page<MailSummary>>
  get(actor: UserActor, id: string): Promise<MailDetails>
  /** Makes delivery known to the jobs of this process. Nothing to do where mail stays in the outbox. */
  defineJobs(): void
}

export interface MailParts {
  database: Pick<Database, 'tenant'>
  jobs: Pick<Jobs, 'define' | 'enqueue'>
  /** Undefined: mail stays in the outbox, to be read there. */
  mailer: Mailer | undefined
  sealer: Sealer
  /** The product's own alone when left out. */
  templates?: Templates
  options: {
    /** The sender of every mail. */
    from: Mailbox
    /** What the product is called in mails. */
    product: string
    /**
     * Whether mail in the outbox keeps its live links, for whoever may view the tenant's mail: in development. Elsewhere one such
     * reader could take over every account.
     */
    liveOutbox: boolean
  }
}

export function createMail({ database, jobs, mailer, sealer, options, ...parts }: MailParts): Mail {
  const { from, product } = options
  const templates = parts.templates ?? createTemplates({ options: { product, defaultLocale: 'en' } })
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1)

  async function compose(tx: Tx, { template, locale, values, sensitive = false }: MailToSend, id: string) {
    const whole = await templates.render(tx, { template, locale, values })
    const live = sensitive || templates.isSecret(template)
    if (!live || (!mailer && options.liveOutbox)) return { ...whole, sealed: null }
    const harmless = await templates.render(tx, {
      template,
      locale,
      values: templates.withoutSecrets(template, values),
    })
    if (!mailer) return { ...harmless, sealed: null }
    const { html, text } = whole
    return { ...harmless, sealed: sealer.seal(JSON.stringify({ html, text }), sealContext(id)) }
  }

  return {
    async send(tx, mail) {
      if (!isAddress(mail.to.address)) throw mailErrors('mail.recipient_invalid')
      const id = newId()
      await queries.insert(tx, {
        ...(await compose(tx, mail, id)),
        id,
        template: mail.template,
        recipient: { address: mail.to.address, name: oneLine(mail.to.name) },
        from: from.name ? `${from.name} <${from.address}>` : from.address,
        state: mailer ? 'queued' : 'outbox',
        messageId: `<${id}@${domain}>`,
        expiresInSeconds: mail.expiresInSeconds ?? null,
      })
      if (mailer) await jobs.enqueue(tx, deliverMail.name, { mailId: id })
      return id
    },

    async list(actor, query) {
      const db = database.tenant(actor.tenantId)
      const request = { page: query.page ?? 1, limit: query.limit ?? 10 }
      const after = query.cursor ? decodeCursor(query.cursor, ['time', 'string']) : undefined
      const offset = after ? 0 : (request.page - 1) * request.limit
      const [rows, total] = await Promise.all([
        queries.list(db, query, request.limit, offset, after),
        queries.count(db, query),
      ])
      const last = rows.at(-1)
      const next =
        rows.length === request.limit && last ? encodeCursor([last.createdAt.toISOString(), last.id]) : undefined
      return pageOf(rows.map(toMailSummary), total, request, next)
    },

    async get(actor, id) {
      const row = await queries.find(database.tenant(actor.tenantId), id)
      if (!row) throw mailErrors('mail.not_found')
      return toMailDetails(row)
    },

    defineJobs() {
      if (mailer) jobs.define(deliveryJob({ mailer, sealer, from }))
    },
  }
}
