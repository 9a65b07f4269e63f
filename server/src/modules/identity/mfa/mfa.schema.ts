// What comes in and what goes out of second factors.
import Type, { type Static } from 'typebox'
import { Body, IdOf, Nullable, OneOf, Text, Timestamp } from '../../../drivers/http/index.ts'
import type { FactorRow } from './mfa.queries.ts'

export const MAX_FACTORS = 5

export const Factor = Type.Object(
  {
    id: IdOf('factor'),
    name: Type.String({ examples: ['Phone'] }),
    createdAt: Timestamp,
    lastUsedAt: Nullable(Timestamp),
  },
  { title: 'Authenticator' },
)
export type Factor = Static<typeof Factor>
export const FactorList = Type.Object({ data: Type.Array(Factor) })

/** What one is asked to prove: one of the two. */
export const Proof = {
  code: Type.Optional(
    Type.String({ pattern: '^[0-9]{6}$', description: 'The six digits of an authenticator.', examples: ['287082'] }),
  ),
  recoveryCode: Type.Optional(
    Type.String({ minLength: 1, maxLength: 64, description: 'A code from the recovery codes.' }),
  ),
}
export interface Proof {
  code?: string
  recoveryCode?: string
}

const METHODS = ['totp', 'recovery'] as const

/** That the tenant or a role of the person asks for a second factor which the session was opened without. */
export const Enrollment = Type.Object(
  {
    required: Type.Literal(true),
    until: Type.String({
      format: 'date-time',
      description: 'From then on the session is good for enrolling only.',
      examples: ['2026-11-28T09:30:00.000Z'],
    }),
  },
  { title: 'MfaEnrollment' },
)
export type Enrollment = Static<typeof Enrollment>

/** What sign-in answers when the password was right and a second factor is to come. */
export const MfaRequired = Type.Object(
  {
    mfaRequired: Type.Literal(true),
    mfaToken: Type.String({ description: 'For /auth/mfa/verify, once.' }),
    methods: Type.Array(OneOf(METHODS)),
    expiresAt: Timestamp,
  },
  { title: 'MfaRequired' },
)
export type MfaRequired = Static<typeof MfaRequired>

export const MfaState = Type.Object(
  {
    enrolled: Type.Boolean(),
    factors: Type.Array(Factor),
    recoveryCodesLeft: Type.Integer(),
    required: Type.Boolean({
      description: 'Whether this tenant, or a role that you hold in it, asks for a second factor.',
    }),
    requiredBy: Nullable(OneOf(['tenant', 'role'])),
    until: Nullable(Type.String({ format: 'date-time', description: 'When the time to enrol ends.' })),
  },
  { title: 'MfaState' },
)
export type MfaState = Static<typeof MfaState>

const Name = Text(50, { examples: ['Phone'] })
export const Enroll = Body({
  name: Type.Optional(Name),
  password: Type.Optional(
    Type.String({ minLength: 1, maxLength: 1024, format: 'password', description: 'Checked where it is sent.' }),
  ),
})
export type Enroll = Static<typeof Enroll>
export const Rename = Body({ name: Name })
export const Confirm = Body({
  id: Type.Optional(IdOf('pending factor', { description: 'Without it, the one that waits.' })),
  code: Type.String({ pattern: '^[0-9]{6}$', examples: ['287082'] }),
})

export const Enrolling = Type.Object(
  {
    id: IdOf('pending factor'),
    secret: Type.String({ description: 'Base32, for apps without a camera. Shown once.', examples: ['MZXW6YTBOI'] }),
    otpauthUri: Type.String({ description: 'What the QR code says.' }),
    qrSvg: Type.String({ description: 'The QR code as an SVG image.' }),
    expiresAt: Timestamp,
  },
  { title: 'Enrolling' },
)
export type Enrolling = Static<typeof Enrolling>

const Codes = Type.Array(Type.String({ examples: ['k2mz-7fqa-x4bd-pn3w'] }), {
  description: 'Each is good for one sign-in. Shown once.',
})
export const RecoveryCodes = Type.Object({ recoveryCodes: Codes }, { title: 'RecoveryCodes' })
export const Confirmed = Type.Object(
  { factor: Factor, recoveryCodes: Type.Optional(Codes) },
  { title: 'ConfirmedAuthenticator' },
)
export type Confirmed = Static<typeof Confirmed>

/** Every field of an authenticator that leaves. */
export function toFactor(row: FactorRow): Factor {
  return {
    id: row.id,
    name: row.name,
    createdAt: row.createdAt.toISOString(),
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  }
}
