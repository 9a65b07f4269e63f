// What the verbs of this module work with.
import type { UserActor } from '../../../../core/actor.ts'
import type { EventDefinition } from '../../../../core/events.ts'
import type { Database } from '../../../../drivers/database/index.ts'
import type { Jobs } from '../../../../drivers/queue/index.ts'
import type { Audit } from '../../../foundation/audit/index.ts'
import type { Events } from '../../../foundation/events/index.ts'
import type { Mail } from '../../../foundation/mail/index.ts'
import type { Messages } from '../../messages/index.ts'

/** What things of one kind are called, as far as the reader may know; those that are missing have no name for them. */
export type NamesOf = (actor: UserActor, ids: readonly string[]) => Promise<ReadonlyMap<string, string>>

export interface NotificationParts {
  database: Pick<Database, 'tenant' | 'inTenant' | 'acrossTenants'>
  audit: Pick<Audit, 'record'>
  events: Pick<Events, 'publish' | 'subscribe'>
  jobs: Pick<Jobs, 'define' | 'enqueue'>
  messages: Pick<Messages, 'onSent'>
  mail: Pick<Mail, 'send'>
  /** Every event that there is: those that rules name are listened to. */
  definitions: readonly EventDefinition[]
  /** By the kinds of subjects. */
  subjects: Readonly<Record<string, NamesOf>>
  options: {
    defaultLocale: string
    frontendUrl: string
    /** How long a notification may be read before it is mailed. */
    mailDelaySeconds: number
    /** How long they are kept; 0 for ever. */
    retentionSeconds: number
  }
}
