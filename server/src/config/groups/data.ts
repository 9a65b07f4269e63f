// Settings of what the server keeps its data in: PostgreSQL, Redis, files.
import { readHostname, readKey, readPostgresUrl, readRedisUrl, Unreadable } from '../formats.ts'
import { boolean, duration, integer, list, secret, size, text } from '../kinds.ts'

export const database = {
  url: text(
    'DATABASE_URL',
    "PostgreSQL, as the tables' owner; unset for the embedded server. Driver suffixes such as +asyncpg are understood.",
    {
      secret: true,
      allowed: 'a postgresql:// address',
      read: readPostgresUrl,
      shown: 'an embedded PostgreSQL under DATA_DIR',
    },
  ),
  appUrl: text('DATABASE_APP_URL', 'PostgreSQL, as the application role that row security binds.', {
    secret: true,
    allowed: 'a postgresql:// address',
    read: readPostgresUrl,
    shown: 'DATABASE_URL with the application role',
  }),
  rolePrefix: text(
    'DATABASE_ROLE_PREFIX',
    "What the names of Ashlar's database roles begin with; one prefix for each database of a server.",
    {
      default: 'ashlar',
      allowed: 'lower-case letters, digits and _',
      read: readRolePrefix,
    },
  ),
  shared: boolean(
    'DATABASE_SHARED',
    'Whether another back end works as owner on the same tables: row security is then enabled and not forced.',
    {
      default: false,
    },
  ),
  echo: boolean('DATABASE_ECHO', 'Whether statements are logged, without their values.', { default: false }),
  pool: {
    size: integer('DB_POOL_SIZE', 'How many connections one process holds.', { default: 10, min: 1, max: 1000 }),
    waitMs: duration('DB_POOL_TIMEOUT', 'How long a request may wait for a connection.', {
      unit: 's',
      to: 'ms',
      default: 2,
      min: 0.1,
      max: 600,
    }),
    idleMs: duration('DB_IDLE_TIMEOUT', 'How long an unused connection stays open.', {
      unit: 's',
      to: 'ms',
      default: 60,
      min: 1,
      max: 86_400,
    }),
    recycleSeconds: duration('DB_POOL_RECYCLE', 'The age at which a connection is replaced.', {
      unit: 's',
      to: 's',
      default: 3600,
      min: 10,
      max: 604_800,
    }),
    statementMs: duration('DB_STATEMENT_TIMEOUT', 'How long one statement may run.', {
      unit: 's',
      to: 'ms',
      default: 5,
      min: 0.1,
      max: 3600,
    }),
    lockMs: duration('DB_LOCK_TIMEOUT', 'How long a statement may wait for a lock.', {
      unit: 's',
      to: 'ms',
      default: 2,
      min: 0.1,
      max: 3600,
    }),
    idleTransactionMs: duration('DB_IDLE_TRANSACTION_TIMEOUT', 'How long a transaction may sit idle.', {
      unit: 's',
      to: 'ms',
      default: 10,
      min: 0.1,
      max: 3600,
    }),
    prepared: boolean(
      'DB_PREPARED_STATEMENTS',
      'Whether statements are prepared; false behind a pooler in transaction mode that forgets them.',
      { default: true },
    ),
  },
}

export const redis = {
  url: text(
    'REDIS_URL',
    'Redis for limits and for what processes tell each other. Optional: without it PostgreSQL does both, and counts limits while Redis is away.',
    {
      secret: true,
      allowed: 'a redis:// or rediss:// address',
      read: readRedisUrl,
    },
  ),
}

export const audit = {
  retentionSeconds: duration(
    'AUDIT_RETENTION_DAYS',
    'How long entries of the audit trail are kept, 30 days at least; 0 for ever. What is left stays provable.',
    { unit: 'd', to: 's', default: 0, min: 0, max: 36_500 },
  ),
}

export const uploads = {
  dir: text('UPLOAD_DIR', 'The folder for uploaded files.', { allowed: 'a folder', shown: '<DATA_DIR>/uploads' }),
  maxBytes: size('MAX_UPLOAD_MB', 'The largest file that may be uploaded.', {
    default: 25,
    unit: 'mb',
    min: 1,
    max: 10_240,
  }),
  avatarMaxBytes: size('AVATAR_MAX_MB', 'The largest avatar image.', { default: 5, unit: 'mb', min: 0.1, max: 50 }),
}

export const encryption = {
  key: secret('DATA_ENCRYPTION_KEY', 'Encrypts what must be read back, such as MFA secrets and storage credentials.', {
    allowed: '32 bytes in hexadecimal or base64',
    read: readKey,
    shown: 'made on first start in development; derived from JWT_SECRET in production',
  }),
  previousKeys: {
    ...list(
      'DATA_ENCRYPTION_PREVIOUS_KEYS',
      'Earlier values of DATA_ENCRYPTION_KEY that still open what they closed.',
      {
        default: [],
        of: 'keys',
        item: readKey,
      },
    ),
    secret: true,
  },
}

export const content = {
  retentionSeconds: duration(
    'CONTENT_RETENTION_DAYS',
    'How long deleted documents, files and folders stay in the trash; then they are removed for good.',
    { unit: 'd', to: 's', default: 30, min: 0.01, max: 3650 },
  ),
  revisions: integer('DOCUMENT_REVISIONS', 'How many earlier revisions of a document are kept; the oldest go first.', {
    default: 100,
    min: 0,
    max: 10_000,
  }),
}

/** Parts from which other settings are put together when those are not set. */
export const parts = {
  postgres: {
    user: text('POSTGRES_USER', 'The user for DATABASE_URL, when that is not set.', { shown: 'postgres' }),
    password: secret('POSTGRES_PASSWORD', 'The password for DATABASE_URL, when that is not set.'),
    host: text('POSTGRES_HOST', 'The host for DATABASE_URL, when that is not set.', {
      aliases: ['POSTGRES_SERVER'],
      shown: 'localhost',
    }),
    port: integer('POSTGRES_PORT', 'The port for DATABASE_URL, when that is not set.', {
      min: 1,
      max: 65_535,
      shown: '5432',
    }),
    database: text('POSTGRES_DB', 'The database for DATABASE_URL, when that is not set.', {
      shown: 'the name of the user',
    }),
  },
  poolOverflow: integer('DB_MAX_OVERFLOW', 'Connections that may be opened beyond DB_POOL_SIZE: added to it.', {
    default: 0,
    min: 0,
    max: 1000,
  }),
  redisHost: text('REDIS_HOST', 'The host for REDIS_URL, when that is not set.', {
    allowed: 'a host name',
    read: readHostname,
  }),
  redisPort: integer('REDIS_PORT', 'The port for REDIS_URL, when that is not set.', {
    min: 1,
    max: 65_535,
    shown: '6379',
  }),
  debug: text('DEBUG', 'true lowers LOG_LEVEL to debug; other words are left to the libraries that read them.', {
    allowed: 'true or false',
  }),
}

function readRolePrefix(given: string): string {
  if (!/^[a-z][a-z0-9_]{0,39}$/.test(given))
    throw new Unreadable('must be lower-case letters, digits and _, at most 40, a letter first')
  return given
}
