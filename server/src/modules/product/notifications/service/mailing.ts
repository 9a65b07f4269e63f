// Notifications by mail: some minutes later, and never what was read, or deleted, by then.
import Type, { type Static } from 'typebox'
import type { JobSettings } from '../../../../drivers/queue/index.ts'
import * as notifications from '../notifications.queries.ts'
import * as queries from '../telling.queries.ts'
import { languageOf, say } from '../words.ts'
import type { NotificationParts } from './parts.ts'

const Payload = Type.Object({ notificationId: Type.String({ minLength: 1, maxLength: 64 }) })

export const mailJob = {
  name: 'notifications.mail',
  schema: Payload,
  retry: { limit: 7, delaySeconds: 5, backoff: true, maxDelaySeconds: 600 },
  timeoutSeconds: 60,
  concurrency: 2,
} satisfies JobSettings<typeof Payload>

export function defineMailing({ jobs, mail, options }: NotificationParts): void {
  jobs.define({
    ...mailJob,
    async handler({ payload, database, complete }) {
      const { notificationId }: Static<typeof Payload> = payload
      await database.transaction(async (tx) => {
        const taken = await queries.takeForMail(tx, notificationId)
        if (taken) {
          const [, ofTenant = null] = await notifications.locales(tx, taken.userId)
          const locale = languageOf(taken.locale, ofTenant, options.defaultLocale)
          const { times, senderName, name, email } = taken
          // What it is about is not named: nobody's rights are asked when a mail is read.
          const said = say(locale, taken.eventName, { sender: null, subject: null, times })
          const page = `${options.frontendUrl.replace(/\/$/, '')}/notifications`
          const values = { name, notice: said?.title ?? taken.title, sender: senderName ?? '', page }
          await mail.send(tx, { template: 'notification', to: { address: email, name }, locale, values })
        }
        await complete(tx)
      })
    },
  })
}
