// The product: what people work with.
import type { Config } from '../config.ts'
import type { UserActor } from '../core/actor.ts'
import type { EventDefinition } from '../core/events.ts'
import { createDirectory } from '../drivers/ai/index.ts'
import type { Route } from '../drivers/http/index.ts'
import {
  type Access,
  contentGiven,
  createAccess,
  createSignedLinks,
  type Kind,
} from '../modules/product/access/index.ts'
import { createAccessLog, forgetAccessesJob } from '../modules/product/accesslog/index.ts'
import {
  aiRoutes,
  createAi,
  endDeadJob,
  forgetAiJob,
  listCalendarTool,
  searchDocumentsTool,
} from '../modules/product/ai/index.ts'
import {
  type Calendar,
  calendarModuleEvents,
  calendarRoutes,
  createCalendar,
  remindJob,
  sweepRemindersJob,
} from '../modules/product/calendar/index.ts'
import { createDocuments, type Documents, documentEvents, documentRoutes } from '../modules/product/documents/index.ts'
import { createFiles, fileEvents, fileRoutes, thumbnailJob } from '../modules/product/files/index.ts'
import { createFolders, folderEvents, folderRoutes, purgeContentJob } from '../modules/product/folders/index.ts'
import { createLinks, forgetLinksJob, linkEvents, linkRoutes } from '../modules/product/links/index.ts'
import { createMessages, messageEvents, messageRoutes } from '../modules/product/messages/index.ts'
import {
  createNotifications,
  forgetNotificationsJob,
  mailJob,
  notificationEvents,
  notificationRoutes,
  tellJob,
} from '../modules/product/notifications/index.ts'
import { type Identity, identityEvents } from './identity.ts'

export const productJobs = [
  purgeContentJob,
  forgetAccessesJob,
  forgetLinksJob,
  thumbnailJob,
  remindJob,
  sweepRemindersJob,
  tellJob,
  mailJob,
  forgetNotificationsJob,
  forgetAiJob,
  endDeadJob,
]

export const productEvents: readonly EventDefinition[] = [
  contentGiven,
  ...folderEvents,
  ...documentEvents,
  ...fileEvents,
  ...linkEvents,
  ...calendarModuleEvents,
  ...messageEvents,
  ...notificationEvents,
]

export type Product = ReturnType<typeof createProduct>

export function createProduct(config: Config, identity: Identity) {
  const { content, uploads, app, server, mail } = config
  const access = createAccess(identity)
  const accessLog = createAccessLog({ ...identity, options: content })
  accessLog.defineJobs()
  const { actorOf, memberOf } = identity.actors
  const signedLinks = createSignedLinks({ ...identity, actorOf })
  const folders = createFolders({ ...identity, access, links: signedLinks, options: content })
  folders.defineJobs()
  const documents = createDocuments({ ...identity, access, folders, options: content })
  const files = createFiles({ ...identity, access, accessLog, folders, links: signedLinks, options: uploads })
  const linkOptions = { ...content, publicUrl: server.publicUrl }
  const links = createLinks({ ...identity, memberOf, access, accessLog, files, options: linkOptions })
  links.defineJobs()
  const calendarOptions = { publicUrl: server.publicUrl, mailFrom: mail.from, product: app.name }
  const calendar = createCalendar({ ...identity, memberOf, options: calendarOptions })
  calendar.defineJobs()
  const messages = createMessages({ ...identity, access, options: config.messages })
  const titles = (kind: Kind) => (actor: UserActor, ids: readonly string[]) =>
    access.titles(identity.database.tenant(actor.tenantId), actor, kind, ids)
  const notifications = createNotifications({
    ...identity,
    messages,
    definitions: [...identityEvents, ...productEvents],
    subjects: {
      document: titles('document'),
      file: titles('file'),
      folder: titles('folder'),
      team: identity.teams.namesOf,
      conversation: messages.namesOf,
      calendar_event: calendar.titlesOf,
    },
    options: { ...config.notifications, defaultLocale: app.defaultLocale, frontendUrl: server.frontendUrl },
  })
  notifications.defineJobs()
  const ai = createAssistant(config, { ...identity, access, documents, calendar })
  return {
    ...identity,
    access,
    accessLog,
    folders,
    documents,
    files,
    links,
    calendar,
    messages,
    notifications,
    ai,
  }
}

type Assisting = Identity & { access: Access; documents: Documents; calendar: Calendar }

/** What models may do is listed here: one tool for each thing, run as whoever asks. */
function createAssistant({ ai: models, app, events }: Config, modules: Assisting) {
  const { documents, calendar, actors, log } = modules
  const ai = createAi({
    ...modules,
    actorOf: actors.actorOf,
    directory: createDirectory(models, log),
    tools: [searchDocumentsTool(documents), listCalendarTool(calendar)],
    options: { ...models, product: app.name, streamsPerPerson: events.perPerson, heartbeatMs: events.heartbeatMs },
  })
  ai.defineJobs()
  return ai
}

export function productRoutes(modules: Product): Route[] {
  return [
    ...folderRoutes(modules.folders),
    ...documentRoutes(modules.documents),
    ...fileRoutes(modules.files),
    ...linkRoutes(modules.links),
    ...calendarRoutes(modules.calendar),
    ...messageRoutes(modules.messages),
    ...notificationRoutes(modules.notifications),
    ...aiRoutes(modules.ai),
  ]
}
