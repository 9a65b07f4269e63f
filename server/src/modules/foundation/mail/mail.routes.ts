// The log of mails over HTTP; without a mail server it is the outbox in which mail is read.

import Type from 'typebox'
import { Binary, IdParams, pageAnswer, type Route, route } from '../../../drivers/http/index.ts'
import { MailDetails, MailQuery, MailSummary, PreviewQuery } from './mail.schema.ts'
import { sendingRoutes } from './mail.sending.routes.ts'
import { Accepted } from './mail.sending.schema.ts'
import type { Mail } from './mail.service.ts'

// What a caller wrote is shown where it can run nothing, load nothing and send nothing.
const PREVIEW_POLICY =
  "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

export function mailRoutes(mail: Mail): Route[] {
  return [
    ...sendingRoutes(mail),
    route({
      method: 'GET',
      path: '/mail',
      operation: 'mail.list',
      access: 'mail:view',
      summary: 'List the mails of the tenant, newest first',
      description: 'The search looks at recipients, subject and template. The total counts to 10,000.',
      query: MailQuery,
      answer: pageAnswer(MailSummary),
      handle: ({ actor, query }) => mail.list(actor, query),
    }),
    route({
      method: 'GET',
      path: '/mail/:id',
      operation: 'mail.get',
      access: 'mail:view',
      summary: 'Read one mail, each try, and what became of it for each recipient',
      params: IdParams('mail'),
      answer: MailDetails,
      errors: ['mail.not_found'],
      handle: ({ actor, params }) => mail.get(actor, params.id),
    }),
    route({
      method: 'GET',
      path: '/mail/:id/preview',
      operation: 'mail.preview',
      access: 'mail:view',
      summary: 'Look at a mail as a document',
      description: 'HTML or text. The answer forbids scripts and everything from elsewhere, pictures included.',
      params: IdParams('mail'),
      query: PreviewQuery,
      answer: Type.String({ contentMediaType: 'text/html' }),
      binary: ['text/html', 'text/plain'],
      errors: ['mail.not_found', 'mail.content_gone'],
      async handle({ actor, params, query }) {
        const { type, content } = await mail.preview(actor, params.id, query.format)
        return new Binary(type, Buffer.from(content), 'no-store', { 'content-security-policy': PREVIEW_POLICY })
      },
    }),
    route({
      method: 'POST',
      path: '/mail/:id/retry',
      operation: 'mail.retry',
      access: 'mail:send',
      summary: 'Send a mail again to whoever did not get it',
      description:
        'One that waits for its next try has it now. A mail whose secret is forgotten or expired is not sent again.',
      params: IdParams('mail'),
      status: 202,
      answer: Accepted,
      errors: [
        'mail.not_found',
        'mail.already_sent',
        'mail.in_outbox',
        'mail.no_server',
        'mail.expired',
        'mail.secret_gone',
        'mail.content_gone',
      ],
      handle: ({ actor, params, facts }) => mail.retry(actor, params.id, facts),
    }),
  ]
}
