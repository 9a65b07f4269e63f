// What a tenant decides for itself, as it comes in and goes out.
import Type, { type Static } from 'typebox'
import { Body, IdOf, Nullable, Timestamp } from '../../../drivers/http/index.ts'

export interface TenantSettings {
  /** Mail domains whose addresses may join, in lower case and ASCII; empty: every domain. */
  allowedMailDomains: string[]
  mfa: {
    required: boolean
    /** How long members may put it off after it became required, or after they joined. */
    graceDays: number
    /** When it became required, ISO 8601; null while it is not. */
    requiredSince: string | null
  }
  /** Sessions end earlier than the installation lets them; null: as it does. */
  sessions: { absoluteMinutes: number | null; idleMinutes: number | null }
  /** The id of the role that new members get; null: the installation's. */
  defaultRole: string | null
  /** The language of mails to members who chose none; null: the installation's. */
  locale: string | null
  /** Whether members may make links by which anybody reads a file; false ends those that there are. */
  publicLinks: boolean
}

const DEFAULT_GRACE_DAYS = 7
const MAX_DOMAINS = 100
/** Sessions shorter than this would end between two clicks. */
const MIN_SESSION_MINUTES = 5

const GraceDays = Type.Integer({ minimum: 0, maximum: 90, description: 'Days in which members may still enrol.' })
const Minutes = (description: string) =>
  Nullable(Type.Integer({ minimum: MIN_SESSION_MINUTES, maximum: 527_040, description }))
const sessions = {
  absoluteMinutes: Minutes('How long a session may be used in this tenant; null: as long as the installation says.'),
  idleMinutes: Minutes('How long it may stay unused; null: as long as the installation says.'),
}
const DefaultRole = Nullable(
  IdOf('role', {
    description: 'Id of the role that new members get; null: the usual one.',
  }),
)

const Locale = Nullable(
  Type.String({
    maxLength: 35,
    pattern: '^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})*$',
    description: "The language of mails to members who chose none; null: the installation's.",
    examples: ['de'],
  }),
)

const PublicLinks = Type.Boolean({
  description:
    'Whether members may make links by which anybody reads a file without signing in; false ends those that there are.',
})

export const Settings = Type.Object(
  {
    tenantId: IdOf('tenant'),
    allowedMailDomains: Type.Array(Type.String({ examples: ['example.com'] }), {
      description:
        'Only addresses of these domains can join, once they are confirmed; empty: all. Who is a member already stays.',
    }),
    mfa: Type.Object({ required: Type.Boolean(), graceDays: GraceDays, requiredSince: Nullable(Timestamp) }),
    sessions: Type.Object(sessions),
    defaultRole: DefaultRole,
    locale: Locale,
    publicLinks: PublicLinks,
    updatedAt: Timestamp,
  },
  { title: 'TenantSettings' },
)
export type Settings = Static<typeof Settings>

export const SettingsChanges = Body(
  {
    allowedMailDomains: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 253, examples: ['example.com'] }), { maxItems: MAX_DOMAINS }),
    ),
    mfa: Type.Optional(Body({ required: Type.Optional(Type.Boolean()), graceDays: Type.Optional(GraceDays) })),
    sessions: Type.Optional(
      Body({
        absoluteMinutes: Type.Optional(sessions.absoluteMinutes),
        idleMinutes: Type.Optional(sessions.idleMinutes),
      }),
    ),
    defaultRole: Type.Optional(DefaultRole),
    locale: Type.Optional(Locale),
    publicLinks: Type.Optional(PublicLinks),
  },
  { examples: [{ sessions: { absoluteMinutes: 720, idleMinutes: 30 } }] },
)
export type SettingsChanges = Static<typeof SettingsChanges>

/** The settings that a stored object means; what it does not say is as the installation has it. */
export function settingsFrom(stored: Partial<TenantSettings> | undefined): TenantSettings {
  const {
    allowedMailDomains = [],
    mfa,
    sessions: lives,
    defaultRole = null,
    locale = null,
    publicLinks = true,
  } = stored ?? {}
  return {
    allowedMailDomains,
    mfa: { required: false, graceDays: DEFAULT_GRACE_DAYS, requiredSince: null, ...mfa },
    sessions: { absoluteMinutes: null, idleMinutes: null, ...lives },
    defaultRole,
    locale,
    publicLinks,
  }
}
