// Settings of what the server keeps its data in: PostgreSQL, Redis, files.
import { readHostname, readHttpUrl, readKey, readPostgresUrl, readRedisUrl, Unreadable } from '../formats.ts'
import { boolean, choice, duration, integer, list, secret, size, text } from '../kinds.ts'

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
  poolerUrl: text(
    'DATABASE_POOLER_URL',
    'PostgreSQL behind a pooler in transaction mode such as PgBouncer, as the application role, for all that requests and jobs do; what listens goes to DATABASE_APP_URL.',
    {
      secret: true,
      allowed: 'a postgresql:// address',
      read: readPostgresUrl,
    },
  ),
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
    'Whether another back end works as owner on the same tables: row security is then enabled and not forced, and new hashes of passwords are bcrypt, which it knows.',
    {
      default: false,
    },
  ),
  echo: boolean('DATABASE_ECHO', 'Whether statements are logged, without their values.', { default: false }),
  slowMs: duration(
    'DB_SLOW_QUERY',
    'Statements that take so long are logged, with what they were for and without their values; 0 for none.',
    { unit: 'ms', to: 'ms', default: 500, min: 0, max: 3_600_000 },
  ),
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
      'Whether statements are prepared; a pooler in transaction mode must be one that keeps them.',
      { shown: 'true; false with DATABASE_POOLER_URL' },
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
  types: list(
    'UPLOAD_TYPES',
    'The content types of files that are taken, found by their content; image/* means all of a kind.',
    {
      default: [
        'image/jpeg',
        'image/png',
        'image/gif',
        'image/webp',
        'application/pdf',
        'text/plain',
        'text/csv',
        'text/markdown',
        'application/json',
        'application/zip',
        'application/vnd.openxmlformats-officedocument.*',
        'video/mp4',
        'audio/mpeg',
      ],
      of: 'content types',
      item: readContentType,
    },
  ),
  keepLocation: boolean(
    'UPLOAD_KEEP_LOCATION',
    'Whether pictures keep where they were taken; else it is left out of JPEG, PNG and WebP.',
    { default: false },
  ),
  avatarMaxBytes: size('AVATAR_MAX_MB', 'The largest avatar image.', { default: 5, unit: 'mb', min: 0.1, max: 50 }),
}

export const storage = {
  provider: choice(
    'STORAGE_PROVIDER',
    'Where uploaded files are kept, for tenants that bring no storage of their own.',
    {
      default: 'disk',
      of: ['disk', 's3', 'azure'],
    },
  ),
  s3: {
    accessKeyId: text('AWS_ACCESS_KEY_ID', 'The access key for S3 or a service like it.'),
    secretAccessKey: secret('AWS_SECRET_ACCESS_KEY', 'The secret of that key.'),
    bucket: text('AWS_S3_BUCKET', 'The bucket for files.'),
    region: text('AWS_S3_REGION', 'Its region.', { default: 'us-east-1', aliases: ['AWS_REGION'] }),
    endpoint: text('AWS_S3_ENDPOINT', "The address of a service that is not Amazon's.", {
      allowed: 'an http(s) address',
      read: readHttpUrl,
    }),
  },
  azure: {
    connectionString: secret('AZURE_STORAGE_CONNECTION_STRING', 'How to reach the account at Azure Blob Storage.', {
      allowed: 'a connection string with AccountName and AccountKey',
    }),
    container: text('AZURE_STORAGE_CONTAINER', 'The container for files.'),
  },
  allowPrivateEndpoints: boolean(
    'STORAGE_ALLOW_PRIVATE_ENDPOINTS',
    'Whether storage that a tenant brings may stand in a private network or speak plain http.',
    { default: false },
  ),
  tenantQuota: size('STORAGE_TENANT_QUOTA_MB', 'How much the files of a tenant may take together.', {
    default: 5_120,
    unit: 'mb',
    min: 1,
    max: 1_073_741_824,
  }),
  userQuota: size('STORAGE_USER_QUOTA_MB', 'How much the files of one person in a tenant may take.', {
    default: 5_120,
    unit: 'mb',
    min: 1,
    max: 1_073_741_824,
  }),
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
  publicLinks: boolean(
    'PUBLIC_LINKS',
    'Whether people may make links by which anybody reads a file without signing in; tenants can forbid it for themselves.',
    { default: true },
  ),
  accessLogSeconds: duration(
    'ACCESS_LOG_RETENTION_DAYS',
    'How long it is remembered who read or downloaded a file, and how long a link is listed after its end.',
    { unit: 'd', to: 's', default: 90, min: 1, max: 3650 },
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

function readContentType(given: string): string {
  if (!/^[a-z]+\/(?:[a-z0-9.+-]+|\*)(?:\.\*)?$/.test(given))
    throw new Unreadable('must be content types such as image/png or image/*')
  return given
}

function readRolePrefix(given: string): string {
  if (!/^[a-z][a-z0-9_]{0,39}$/.test(given))
    throw new Unreadable('must be lower-case letters, digits and _, at most 40, a letter first')
  return given
}
