// What comes in and what goes out of personal access tokens.
import Type, { type Static } from 'typebox'
import { Body, IdOf, Nullable, Text, Timestamp } from '../../../drivers/http/index.ts'
import type { TokenRow } from './tokens.queries.ts'

export const NewPersonalToken = Body({
  name: Text(100, { examples: ['ci'] }),
  scopes: Type.Array(Type.String({ maxLength: 100, examples: ['users:view'] }), {
    minItems: 1,
    maxItems: 50,
    uniqueItems: true,
    description: 'Permissions that you hold, such as `documents:view`.',
  }),
  expiresInDays: Type.Optional(Type.Integer({ minimum: 1, maximum: 366, default: 90 })),
})
export type NewPersonalToken = Static<typeof NewPersonalToken>

const fields = {
  id: IdOf('token'),
  name: Type.String(),
  hint: Type.String({ description: 'How the token begins.' }),
  scopes: Type.Array(Type.String()),
  expiresAt: Nullable(Timestamp),
  lastUsedAt: Nullable(Timestamp),
  createdAt: Timestamp,
}
export const PersonalToken = Type.Object(fields, { title: 'PersonalToken' })
export type PersonalToken = Static<typeof PersonalToken>

export const CreatedToken = Type.Object({
  ...fields,
  token: Type.String({ description: 'The credential, shown this once.' }),
})
export const TokenList = Type.Object({ data: Type.Array(PersonalToken) })

/** Every field of a token that leaves; the credential itself is not among them. */
export function toPersonalToken(row: TokenRow): PersonalToken {
  return {
    id: row.id,
    name: row.name,
    hint: row.hint,
    scopes: row.scopes,
    expiresAt: row.expiresAt?.toISOString() ?? null,
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
  }
}
