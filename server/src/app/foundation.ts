// The foundation: what every module uses.
import type { Config } from '../config.ts'
import type { EventDefinition } from '../core/events.ts'
import { createLimiter, type Route } from '../drivers/http/index.ts'
import { createSealer } from '../drivers/sealing/index.ts'
import { auditRoutes, createAudit, forgetAuditJob } from '../modules/foundation/audit/index.ts'
import { createEvents, eventRoutes, keepEventsJob } from '../modules/foundation/events/index.ts'
import { adminJobRoutes, createJobDesk, jobEvents, jobRoutes } from '../modules/foundation/jobs/index.ts'
import {
  createMail,
  createTemplateDesk,
  createTemplates,
  deliverMail,
  mailEvents,
  mailRoutes,
  mailUpkeepJob,
  templateRoutes,
} from '../modules/foundation/mail/index.ts'
import { createStorage, storageEvents, storageRoutes, sweepBlobsJob } from '../modules/foundation/storage/index.ts'
import type { Drivers } from './drivers.ts'

export const foundationJobs = [keepEventsJob, forgetAuditJob, deliverMail, mailUpkeepJob, sweepBlobsJob]

export const foundationEvents: readonly EventDefinition[] = [...jobEvents, ...mailEvents, ...storageEvents]

export type Foundation = ReturnType<typeof createFoundation>

export interface House {
  /** Every event that there is. */
  definitions: readonly EventDefinition[]
  /** The tenant whose audit trail tells what was done to the installation. */
  homeTenantId: string
}

export function createFoundation(config: Config, drivers: Drivers, { definitions, homeTenantId }: House) {
  const { app, encryption } = config
  const { database, jobs } = drivers
  const limiter = createLimiter(config.limits, drivers.limits, config.limits.enabled)
  const events = createEvents({ ...drivers, definitions, options: config.events })
  events.defineJobs()
  const audit = createAudit({ database, jobs, events, options: config.audit })
  audit.defineJobs()
  const jobDesk = createJobDesk({ database, jobs, audit, events, homeTenantId })
  const sealer = createSealer(encryption.keys)
  const wording = { product: app.name, defaultLocale: app.defaultLocale }
  const templates = createTemplates({ ...drivers, options: wording })
  const templateDesk = createTemplateDesk({ ...drivers, audit, templates, options: wording })
  const mail = createMail({ ...drivers, events, sealer, audit, templates, options: mailOptions(config) })
  mail.defineJobs()
  const { dir, maxBytes } = config.uploads
  const storage = createStorage({ ...drivers, audit, sealer, options: { ...config.storage, dir, maxBytes } })
  storage.defineJobs()
  return { ...drivers, limiter, events, audit, jobDesk, mail, sealer, templates, templateDesk, storage }
}

function mailOptions({ mail, app, server }: Config) {
  return {
    from: { address: mail.from, name: mail.fromName },
    product: app.name,
    liveOutbox: !app.strict,
    // Before the time of an answer is over.
    waitMs: Math.min(10_000, server.handlerTimeoutMs * 0.8),
    attachmentMaxBytes: mail.attachmentMaxBytes,
    perRecipientHour: mail.maxPerRecipientHour,
    perTenantDay: mail.maxPerTenantDay,
    retentionSeconds: mail.retentionSeconds,
  }
}

export function foundationRoutes({ events, audit, jobDesk, mail, templateDesk, storage }: Foundation): Route[] {
  return [
    ...eventRoutes(events),
    ...auditRoutes(audit),
    ...jobRoutes(jobDesk),
    ...adminJobRoutes(jobDesk),
    ...mailRoutes(mail),
    ...templateRoutes(templateDesk),
    ...storageRoutes(storage),
  ]
}
