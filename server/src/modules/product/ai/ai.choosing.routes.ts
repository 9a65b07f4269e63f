// Models, settings and use of language models over HTTP.
import { type Route, route } from '../../../drivers/http/index.ts'
import { AiSettings, AiSettingsChanges, Models, Usage } from './ai.choosing.schema.ts'
import type { Ai } from './ai.service.ts'

export function aiChoosingRoutes(ai: Ai): Route[] {
  return [
    route({
      method: 'GET',
      path: '/ai/models',
      operation: 'ai.models',
      access: 'ai:use',
      bases: ['canonical'],
      summary: 'List the language models that may be asked',
      answer: Models,
      errors: ['ai.no_provider'],
      handle: ({ actor }) => ai.models(actor),
    }),
    route({
      method: 'GET',
      path: '/ai/usage',
      operation: 'ai.usage',
      access: 'ai:use',
      bases: ['canonical'],
      summary: 'Read how many tokens were used, and how many are left today',
      answer: Usage,
      handle: ({ actor }) => ai.usage(actor),
    }),
    route({
      method: 'GET',
      path: '/ai/settings',
      operation: 'ai.settings',
      access: 'settings:view',
      bases: ['canonical'],
      summary: 'Read what the tenant chose about language models',
      answer: AiSettings,
      handle: ({ actor }) => ai.settings(actor),
    }),
    route({
      method: 'PATCH',
      path: '/ai/settings',
      operation: 'ai.change',
      access: 'settings:edit',
      bases: ['canonical'],
      summary: 'Choose a model, a system prompt, budgets and how long conversations are kept',
      body: AiSettingsChanges,
      answer: AiSettings,
      errors: ['ai.model_unavailable'],
      handle: ({ actor, body, facts }) => ai.change(actor, body, facts),
    }),
  ]
}
