// Settings of who may come in: tokens, accounts, the first administrator, tenants.
import { readEmail, readHostname, readPem, readPems, Unreadable } from '../formats.ts'
import { boolean, choice, duration, integer, list, secret, text } from '../kinds.ts'

export const tokens = {
  algorithm: choice(
    'JWT_ALGORITHM',
    'How access tokens are signed; RS256 and EdDSA publish their keys at /.well-known/jwks.json.',
    {
      of: ['HS256', 'RS256', 'EdDSA'],
      default: 'HS256',
      aliases: ['ALGORITHM'],
    },
  ),
  secret: secret('JWT_SECRET', 'Signs access tokens (HS256) and links; other secrets are derived from it.', {
    allowed: 'text, at least 32 characters in production',
    aliases: ['SECRET_KEY', 'JWT_SECRET_KEY'],
    shown: 'made on first start in development; required in production',
  }),
  previousSecrets: {
    ...list('JWT_PREVIOUS_SECRETS', 'Earlier values of JWT_SECRET whose tokens are still accepted.', {
      default: [],
      of: 'secrets',
      item: (given) => given,
    }),
    secret: true,
  },
  privateKey: secret('JWT_PRIVATE_KEY', 'Signs access tokens with RS256 (2048 bits or more) or EdDSA (Ed25519).', {
    allowed: 'PEM, line breaks written as \\n',
    read: readPem,
    shown: 'made on first start in development; required in production with RS256 and EdDSA',
  }),
  previousPrivateKeys: {
    ...list('JWT_PREVIOUS_PRIVATE_KEYS', 'Earlier values of JWT_PRIVATE_KEY whose tokens are still accepted.', {
      default: [],
      of: 'keys in PEM form',
      item: readPem,
    }),
    allowed: 'keys in PEM form, one after the other',
    secret: true,
    parse: readPems,
  },
  refreshSecret: secret(
    'REFRESH_TOKEN_SECRET',
    'Makes and proves refresh tokens; without one of its own, a change of JWT_SECRET ends every session.',
    {
      allowed: 'text, at least 32 characters in production',
      aliases: ['JWT_REFRESH_SECRET_KEY'],
      shown: 'derived from JWT_SECRET',
    },
  ),
  accessSeconds: duration('ACCESS_TOKEN_EXPIRE_MINUTES', 'How long an access token is valid.', {
    unit: 'm',
    to: 's',
    default: 15,
    min: 1,
    max: 10_080,
  }),
  halolightAccessSeconds: duration(
    'HALOLIGHT_ACCESS_TOKEN_EXPIRE_MINUTES',
    'How long an access token is valid when it was issued under /api.',
    {
      unit: 'm',
      to: 's',
      default: 10_080,
      min: 1,
      max: 43_200,
      aliases: ['JWT_ACCESS_TOKEN_EXPIRE_MINUTES'],
    },
  ),
  absoluteSeconds: duration('REFRESH_TOKEN_EXPIRE_DAYS', 'How long a session lasts at most.', {
    unit: 'd',
    to: 's',
    default: 30,
    min: 0.01,
    max: 366,
    aliases: ['JWT_REFRESH_TOKEN_EXPIRE_DAYS'],
  }),
  idleSeconds: duration('REFRESH_TOKEN_IDLE_DAYS', 'How long a session lasts without being used.', {
    unit: 'd',
    to: 's',
    default: 7,
    min: 0.01,
    max: 366,
  }),
  graceSeconds: duration('REFRESH_GRACE_SECONDS', 'How long a spent refresh token still answers with its successor.', {
    unit: 's',
    to: 's',
    default: 10,
    min: 0,
    max: 60,
  }),
  passwordResetSeconds: duration(
    'PASSWORD_RESET_TOKEN_EXPIRE_MINUTES',
    'How long a link to reset a password is valid.',
    {
      unit: 'm',
      to: 's',
      default: 30,
      min: 1,
      max: 1440,
    },
  ),
  emailVerificationSeconds: duration(
    'EMAIL_VERIFICATION_TOKEN_EXPIRE_HOURS',
    'How long a link to verify an e-mail address is valid.',
    {
      unit: 'h',
      to: 's',
      default: 24,
      min: 0.1,
      max: 720,
    },
  ),
  maxSessions: integer('MAX_SESSIONS', 'How many sessions a person may have; the oldest ends when one more begins.', {
    default: 20,
    min: 1,
    max: 1000,
  }),
}

export const accounts = {
  registration: choice('REGISTRATION', 'Whether anybody may register, or only people who are invited.', {
    of: ['open', 'closed'],
    default: 'open',
    defaultIn: { production: 'closed', staging: 'closed' },
  }),
  defaultRole: text('DEFAULT_ROLE', 'The role that a new registration gets.', {
    default: 'user',
    allowed: 'the name of a role',
    read: readRole,
  }),
  requireEmailVerification: boolean(
    'REQUIRE_EMAIL_VERIFICATION',
    'Whether signing in needs a verified e-mail address.',
    { default: false },
  ),
  passwordMinLength: integer('PASSWORD_MIN_LENGTH', 'The fewest characters of a password.', {
    default: 8,
    min: 8,
    max: 128,
  }),
  maxLoginAttempts: integer('MAX_LOGIN_ATTEMPTS', 'How many failed sign-ins lock an account.', {
    default: 5,
    min: 1,
    max: 1000,
  }),
  reauthenticationSeconds: duration(
    'REAUTHENTICATION_MINUTES',
    'How old a sign-in or another proof of a secret may be for changes that need a recent one.',
    { unit: 'm', to: 's', default: 10, min: 1, max: 1440 },
  ),
  mfaGraceDays: integer(
    'MFA_GRACE_DAYS',
    'How many days people may put off a second factor that one of their roles asks for.',
    { default: 7, min: 0, max: 90 },
  ),
  lockoutSeconds: duration('LOCKOUT_DURATION_MINUTES', 'How long an account stays locked.', {
    unit: 'm',
    to: 's',
    default: 30,
    min: 1,
    max: 10_080,
  }),
}

export const admin = {
  email: text('ADMIN_EMAIL', 'The e-mail address of the first administrator.', {
    default: 'admin@example.com',
    aliases: ['FIRST_SUPERUSER_EMAIL'],
    allowed: 'an e-mail address',
    read: readEmail,
  }),
  password: secret('ADMIN_PASSWORD', 'The password of the first administrator.', {
    aliases: ['FIRST_SUPERUSER_PASSWORD'],
    allowed: 'text, at least 12 characters in production',
  }),
  bootstrapToken: secret('ADMIN_BOOTSTRAP_TOKEN', 'Lets its bearer register the first account of the back office.', {
    allowed: 'text, at least 32 characters in production',
  }),
  idleSeconds: duration('ADMIN_SESSION_IDLE_MINUTES', 'How long a back-office session lasts without being used.', {
    unit: 'm',
    to: 's',
    default: 60,
    min: 1,
    max: 10_080,
  }),
  absoluteSeconds: duration('ADMIN_SESSION_EXPIRE_HOURS', 'How long a back-office session lasts at most.', {
    unit: 'h',
    to: 's',
    default: 24,
    min: 0.1,
    max: 720,
  }),
}

export const tenancy = {
  strategy: choice(
    'MULTI_TENANCY_STRATEGY',
    'How a request names its tenant: the X-Tenant-ID header, the subdomain, or not at all.',
    {
      of: ['header', 'subdomain', 'none'],
      default: 'header',
    },
  ),
  mainDomain: text('HOST_MAIN_DOMAIN', 'The domain below which the subdomains of tenants stand.', {
    allowed: 'a host name',
    read: readHostname,
  }),
  creation: choice('TENANT_CREATION', 'Who may create tenants.', { of: ['users', 'admins'], default: 'users' }),
  retentionSeconds: duration(
    'TENANT_RETENTION_DAYS',
    'How long its owners can restore a deleted tenant; then it is removed with everything in it.',
    { unit: 'd', to: 's', default: 30, min: 0.01, max: 3650 },
  ),
  invitationsPerDay: integer(
    'TENANT_INVITATIONS_PER_DAY',
    'How many invitations a tenant may send in 24 hours, repeated ones included.',
    { default: 200, min: 1, max: 100_000 },
  ),
}

function readRole(given: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_ -]{0,99}$/.test(given)) throw new Unreadable('must be the name of a role')
  return given
}
