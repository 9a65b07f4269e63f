// The log of mails over HTTP; without a mail server it is the outbox in which mail is read.
import { IdParams, pageAnswer, type Route, route } from '../../../drivers/http/index.ts'
import { MailDetails, MailQuery, MailSummary } from './mail.schema.ts'
import type { Mail } from './mail.service.ts'

export function mailRoutes(mail: Mail): Route[] {
  return [
    route({
      method: 'GET',
      path: '/mail',
      operation: 'mail.list',
      access: 'mail:view',
      summary: 'List the mails of the tenant, newest first',
      description: 'The search looks at recipients, subject and template.',
      query: MailQuery,
      answer: pageAnswer(MailSummary),
      handle: ({ actor, query }) => mail.list(actor, query),
    }),
    route({
      method: 'GET',
      path: '/mail/:id',
      operation: 'mail.get',
      access: 'mail:view',
      summary: 'Read one mail and what became of it',
      params: IdParams('mail'),
      answer: MailDetails,
      errors: ['mail.not_found'],
      handle: ({ actor, params }) => mail.get(actor, params.id),
    }),
  ]
}
