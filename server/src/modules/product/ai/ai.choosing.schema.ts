// What comes in and what goes out of the choice of models, of their settings and of their use.
import Type, { type Static } from 'typebox'
import { Body, Nullable, OneOf, Text, Timestamp } from '../../../drivers/http/index.ts'
import { ModelName } from './ai.schema.ts'
import type { SettingsRow } from './settings.queries.ts'

export const Models = Type.Object(
  {
    data: Type.Array(
      Type.Object({
        id: Type.String({ examples: ['ollama/llama3'] }),
        provider: OneOf(['ollama', 'openai']),
        name: Type.String(),
        available: Nullable(Type.Boolean({ description: 'Null where the provider does not answer.' })),
        default: Type.Boolean(),
      }),
    ),
    providers: Type.Array(
      Type.Object({ name: OneOf(['ollama', 'openai']), healthy: Type.Boolean(), checkedAt: Timestamp }),
    ),
  },
  { title: 'AiModels' },
)
export type Models = Static<typeof Models>

const Tokens = (description: string) => Nullable(Type.Integer({ minimum: 0, maximum: 1_000_000_000_000, description }))
const Fields = {
  defaultModel: Nullable({ ...ModelName, description: 'Of whoever names none; null: the installation’s.' }),
  systemPrompt: Nullable(Text(8_000, { description: 'Told to the model before everything else.' })),
  knowledge: Type.Boolean({
    description: 'Whether answers look through documents unless the question says otherwise.',
  }),
  retentionDays: Nullable(
    Type.Integer({
      minimum: 1,
      maximum: 36_500,
      description:
        'How long conversations are kept after their last use; null, or more: as long as the installation keeps them.',
    }),
  ),
  tenantTokensPerDay: Tokens(
    'How many tokens the tenant may use in a day (UTC), under what the installation allows; null: as many as that.',
  ),
  userTokensPerDay: Tokens('The same for each person.'),
}

export const AiSettings = Type.Object({ ...Fields, updatedAt: Nullable(Timestamp) }, { title: 'AiSettings' })
export type AiSettings = Static<typeof AiSettings>
const { defaultModel, systemPrompt, knowledge, retentionDays, tenantTokensPerDay, userTokensPerDay } = Fields
export const AiSettingsChanges = Body(
  {
    defaultModel: Type.Optional(defaultModel),
    systemPrompt: Type.Optional(systemPrompt),
    knowledge: Type.Optional(knowledge),
    retentionDays: Type.Optional(retentionDays),
    tenantTokensPerDay: Type.Optional(tenantTokensPerDay),
    userTokensPerDay: Type.Optional(userTokensPerDay),
  },
  { examples: [{ systemPrompt: 'Answer in one sentence.', retentionDays: 30 }] },
)
export type AiSettingsChanges = Static<typeof AiSettingsChanges>

const Left = Nullable(Type.Integer({ description: 'Null: there is no limit.' }))
export const Usage = Type.Object(
  {
    tenantTokensLeft: Left,
    ownTokensLeft: Left,
    data: Type.Array(
      Type.Object({
        day: Type.String({ examples: ['2026-11-21'] }),
        tenantTokens: Type.Integer(),
        ownTokens: Type.Integer(),
        tenantAnswers: Type.Integer(),
        ownAnswers: Type.Integer(),
      }),
      { description: 'The last 31 days with any use (UTC), the latest first.' },
    ),
  },
  { title: 'AiUsage' },
)
export type Usage = Static<typeof Usage>

export function toSettings(row: SettingsRow | undefined): AiSettings {
  return {
    defaultModel: row?.defaultModel ?? null,
    systemPrompt: row?.systemPrompt ?? null,
    knowledge: row?.knowledge ?? true,
    retentionDays: row?.retentionDays ?? null,
    tenantTokensPerDay: row?.tenantTokens ?? null,
    userTokensPerDay: row?.userTokens ?? null,
    updatedAt: row?.updatedAt.toISOString() ?? null,
  }
}
