// Mail templates over HTTP.
import { pageAnswer, type Route, route } from '../../../drivers/http/index.ts'
import {
  LocaleQuery,
  Preview,
  PreviewRequest,
  Template,
  TemplateChange,
  TemplateParams,
  TemplateSource,
} from './templates.schema.ts'
import type { TemplateDesk } from './templates.service.ts'

export function templateRoutes(desk: TemplateDesk): Route[] {
  return [
    route({
      method: 'GET',
      path: '/mail/templates',
      operation: 'mailTemplates.list',
      access: 'mail:view',
      summary: "List the templates of mails: the product's, the layout and the tenant's own",
      answer: pageAnswer(Template),
      handle: ({ actor }) => desk.list(actor),
    }),
    route({
      method: 'GET',
      path: '/mail/templates/:name',
      operation: 'mailTemplates.get',
      access: 'mail:view',
      summary: 'Read a mail template in one language, as the product and as the tenant has it',
      params: TemplateParams,
      query: LocaleQuery,
      answer: TemplateSource,
      errors: ['mail.template_not_found'],
      handle: ({ actor, params, query }) => desk.get(actor, params.name, query.locale),
    }),
    route({
      method: 'PUT',
      path: '/mail/templates/:name',
      operation: 'mailTemplates.put',
      access: 'mail:edit',
      summary: 'Write a mail template in one language',
      description:
        'In the place of one of the product, of the layout, or as one of your own under a new name. It is refused, with the line, when it cannot be parsed or rendered, and when it hides the secret link of its mail or could show it to others.',
      params: TemplateParams,
      body: TemplateChange,
      answer: TemplateSource,
      errors: ['mail.template_invalid', 'mail.template_limit', 'mail.template_changed_meanwhile'],
      handle: ({ actor, params, body, facts, ifMatch }) => desk.put(actor, params.name, body, facts, ifMatch),
    }),
    route({
      method: 'DELETE',
      path: '/mail/templates/:name',
      operation: 'mailTemplates.remove',
      access: 'mail:edit',
      summary: "Take the tenant's mail template in one language back",
      description:
        "A mail of the product and the layout are the product's again; one of your own is gone in that language.",
      params: TemplateParams,
      query: LocaleQuery,
      answer: TemplateSource,
      errors: ['mail.template_not_found', 'mail.template_changed_meanwhile'],
      handle: ({ actor, params, query, facts, ifMatch }) =>
        desk.remove(actor, params.name, query.locale, facts, ifMatch),
    }),
    route({
      method: 'POST',
      path: '/mail/templates/:name/preview',
      operation: 'mailTemplates.preview',
      access: 'mail:view',
      summary: 'Render a mail template without keeping or sending anything',
      description: 'What is sent along stands in for what is kept; values that are left out are samples.',
      params: TemplateParams,
      body: PreviewRequest,
      answer: Preview,
      errors: ['mail.template_not_found', 'mail.template_invalid'],
      handle: ({ actor, params, body }) => desk.preview(actor, params.name, body),
    }),
  ]
}
