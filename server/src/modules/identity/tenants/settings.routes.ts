// The settings of tenants over HTTP.
import { alias, IdParams, type Route, route } from '../../../drivers/http/index.ts'
import { Settings, SettingsChanges } from './settings.schema.ts'
import type { Tenants } from './tenants.service.ts'

const bases = ['canonical'] as const

export function settingsRoutes(tenants: Tenants): Route[] {
  const update = route({
    method: 'PATCH',
    path: '/tenants/:id/settings',
    operation: 'tenants.updateSettings',
    access: 'session',
    bases,
    summary: 'Change the settings of a tenant',
    description:
      'For its owners and administrators, and for members who hold `tenants:edit` in it. What is not sent stays. Sessions can be shortened, not lengthened; the default role must be one whose permissions you hold; `mfa.requiredSince` is set by the server.',
    tenantParam: 'id',
    params: IdParams('tenant'),
    body: SettingsChanges,
    answer: Settings,
    errors: ['tenants.not_found', 'tenants.changed_meanwhile', 'roles.beyond_own'],
    handle: ({ actor, params, body, facts, ifMatch }) => tenants.changeSettings(actor, params.id, body, facts, ifMatch),
  })
  return [
    route({
      method: 'GET',
      path: '/tenants/:id/settings',
      operation: 'tenants.getSettings',
      access: 'session',
      bases,
      summary: 'Read the settings of a tenant',
      description: 'For its owners and administrators, and for members who hold `tenants:view` in it.',
      tenantParam: 'id',
      params: IdParams('tenant'),
      answer: Settings,
      errors: ['tenants.not_found'],
      handle: ({ actor, params }) => tenants.getSettings(actor, params.id),
    }),
    update,
    alias(update, { method: 'PUT', operation: 'tenants.replaceSettings' }),
  ]
}
