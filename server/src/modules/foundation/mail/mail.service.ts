// Mail: written in the transaction of what it tells about, sent by a job after COMMIT, and kept with what became of it.
import type { Tx } from '../../../drivers/database/index.ts'
import type { UploadSink } from '../../../drivers/http/index.ts'
import { isAddress, type Mailbox, oneLine } from '../../../drivers/mailer/index.ts'
import { noMetrics } from '../../../drivers/telemetry/index.ts'
import { deliveryJob } from './delivery.ts'
import { mailErrors } from './mail.errors.ts'
import { type CalendarPart, createAttachments, keepCalendar } from './service/attachments.ts'
import { type Bulk, createBulk } from './service/bulk.ts'
import { createLimits } from './service/limits.ts'
import { createLog, type MailLog } from './service/log.ts'
import { createWriter, type Letter, type MailParts } from './service/parts.ts'
import { createRetention, type Retention } from './service/retention.ts'
import { createRetry, type Retry, revive } from './service/retry.ts'
import { createSending, type Sending } from './service/sending.ts'
import { createTemplates, type TemplateName, type Values } from './templates.ts'

export type { MailOptions, MailParts } from './service/parts.ts'

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
  /** iCalendar that the reader's program acts on (RFC 6047). */
  calendar?: CalendarPart
  /** Whom an answer goes to. */
  replyTo?: string
  /** Counts towards what people of the tenant may send: for readers whom somebody names freely. */
  counted?: boolean
}

export interface Mail extends Sending, Bulk, MailLog, Retry, Retention {
  /**
   * Writes a mail of the product into the transaction, for the transaction's tenant, and answers its id. Never waits for a mail
   * server, and no limit of the tenant holds it up unless it is counted.
   */
  send(tx: Tx, mail: MailToSend): Promise<string>
  /** Where attachments are kept while they arrive. */
  uploads: UploadSink
  /** Makes delivery, where mail is sent, and upkeep known to the jobs of this process. */
  defineJobs(): void
}

export function createMail(parts: MailParts): Mail {
  const { jobs, mailer, sealer, events, metrics = noMetrics, options } = parts
  const { product } = options
  const templates = parts.templates ?? createTemplates({ options: { product, defaultLocale: 'en' } })
  const verbs = { ...parts, templates, write: createWriter(parts), limits: createLimits(options) }
  const retention = createRetention(parts)

  async function letterOf(tx: Tx, mail: MailToSend): Promise<Letter> {
    const { template, to, locale, values, sensitive = false, expiresInSeconds, calendar, replyTo } = mail
    const render = (told: Values) => templates.render(tx, { template, locale, values: told })
    const isLive = sensitive || templates.isSecret(template)
    return {
      ...(await render(values)),
      ...(isLive && { harmless: await render(templates.withoutSecrets(template, values)) }),
      template,
      recipients: [{ kind: 'to', address: to.address, name: oneLine(to.name) }],
      replyTo: replyTo ?? null,
      sentBy: null,
      expiresInSeconds: expiresInSeconds ?? null,
      attachments: calendar ? [await keepCalendar(tx, calendar)] : [],
    }
  }

  return {
    async send(tx, mail) {
      if (!isAddress(mail.to.address)) throw mailErrors('mail.recipient_invalid')
      const letter = await letterOf(tx, mail)
      const [refusal] = mail.counted ? await verbs.limits.take(tx, [letter]) : []
      if (refusal) throw refusal
      return (await verbs.write(tx, letter)).id
    },
    ...createSending(verbs),
    ...createBulk(verbs),
    ...createLog(parts),
    ...createRetry(parts),
    ...retention,
    uploads: createAttachments(parts),
    defineJobs() {
      if (mailer) jobs.define(deliveryJob({ mailer, sealer, events, metrics, from: options.from, revived: revive }))
      retention.defineRetention()
    },
  }
}
