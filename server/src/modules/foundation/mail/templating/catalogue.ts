// The mails that the product writes: what each is told, and what that looks like.

export type ValueKind =
  /** Words as they are. */
  | 'text'
  /** Words that people choose: left out where a mail program would make a link of them. */
  | 'chosen'
  /** The address of a page. */
  | 'address'
  /** Seconds, said as minutes, hours or days. */
  | 'duration'
  /** The name of a device. */
  | 'device'
  /** From when to when, as `<instant>/<instant>/times[<zone>]`, or with `days` for whole ones. */
  | 'period'

export interface ValueRule {
  about: string
  kind: ValueKind
  /** Whoever reads it can act with it. */
  isSecret: boolean
  sample: string | number
}

const value = (about: string, kind: ValueKind, sample: string | number, isSecret = false): ValueRule => ({
  about,
  kind,
  isSecret,
  sample,
})

const VALUES = {
  name: value("The reader's name; empty where it could be taken for a link.", 'chosen', 'Mason Reed'),
  link: value(
    'The address with the secret of this mail.',
    'address',
    'https://app.example.com/page?token=sample-of-a-secret',
    true,
  ),
  life: value('How long the link works, in words.', 'duration', 1800),
  ip: value('The network address that the request came from.', 'text', '203.0.113.7'),
  device: value('The browser and the system of a sign-in.', 'device', 'Firefox 128 on Linux'),
  tenant: value('The name of the tenant.', 'chosen', 'Blue Quarry'),
  inviter: value('Who invites.', 'chosen', 'Ada Stone'),
  address: value('An e-mail address, shortened.', 'text', 'm…@example.com'),
  notice: value('What happened, in a few words.', 'text', 'Something was shared with you'),
  sender: value('Who did it.', 'chosen', 'Ada Stone'),
  page: value('The page of the front end.', 'address', 'https://app.example.com/notifications'),
  token: value('What the personal access token is called.', 'text', 'backup'),
  title: value('What the event is called.', 'chosen', 'Weekly of the masons'),
  when: value(
    'From when to when, in the language of the mail.',
    'period',
    '2030-05-06T07:00:00.000Z/2030-05-06T08:00:00.000Z/times[Europe/Paris]',
  ),
  place: value('Where it takes place.', 'chosen', 'The yard'),
} as const satisfies Record<string, ValueRule>

/** What each template may be told beside what all are told. */
const TEMPLATES = {
  verify_email: ['name', 'link', 'life'],
  password_reset: ['name', 'link', 'life'],
  password_reset_success: ['name', 'ip'],
  password_changed: ['name', 'ip'],
  account_invitation: ['name', 'link', 'life'],
  tenant_invitation: ['tenant', 'inviter', 'link', 'life'],
  confirm_address: ['name', 'link', 'life'],
  address_change_requested: ['name', 'address', 'ip'],
  address_changed: ['name', 'address', 'ip'],
  password_set: ['name'],
  new_device: ['name', 'device', 'ip'],
  token_created: ['name', 'token', 'ip'],
  mfa_enabled: ['name', 'ip'],
  mfa_disabled: ['name', 'ip'],
  mfa_guessing: ['name', 'ip'],
  recovery_codes_renewed: ['name', 'ip'],
  recovery_code_used: ['name', 'ip'],
  session_replayed: ['name', 'device', 'ip'],
  calendar_invitation: ['name', 'inviter', 'title', 'when', 'place'],
  calendar_update: ['name', 'inviter', 'title', 'when', 'place'],
  calendar_cancellation: ['name', 'inviter', 'title', 'when', 'place'],
  calendar_reminder: ['name', 'title', 'when', 'place'],
  notification: ['name', 'notice', 'sender', 'page'],
} as const satisfies Record<string, readonly (keyof typeof VALUES)[]>

export type TemplateName = keyof typeof TEMPLATES
export const templateNames = Object.keys(TEMPLATES) as TemplateName[]

/** The name under which a tenant keeps what stands around its mails. */
export const LAYOUT = 'layout'

/** What every template is told. */
export const COMMON: Readonly<Record<string, ValueRule>> = {
  product: value('The name of the product.', 'text', 'Ashlar'),
  locale: value('The language of the mail.', 'text', 'en'),
}

/** What a layout is told beside that. */
export const OF_LAYOUT: Readonly<Record<string, ValueRule>> = {
  ...COMMON,
  subject: value('The subject of the mail.', 'text', 'Choose a new password'),
  footer: value('Why the reader gets this, in the language of the mail.', 'text', 'Ashlar sent this.'),
  blocks: value('Which blocks the mail has: `blocks.heading` is true where it has that one.', 'text', ''),
}

export function isProductTemplate(name: string): name is TemplateName {
  return Object.hasOwn(TEMPLATES, name)
}

/** What a template of the product is told of its own, by name. */
export function valuesOf(name: TemplateName): Record<string, ValueRule> {
  return Object.fromEntries(TEMPLATES[name].map((one) => [one, VALUES[one]]))
}

/** The names of its secrets. */
export function secretsOf(name: TemplateName): string[] {
  return Object.entries(valuesOf(name)).flatMap(([one, { isSecret }]) => (isSecret ? [one] : []))
}
