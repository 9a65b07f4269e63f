// Configuration: every seed's variables, every production refusal, all faults at once, and no secret in any message.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { ConfigurationError, describeConfig, loadConfig, type Settings } from './config.ts'

const folder = mkdtempSync(join(tmpdir(), 'ashlar-config-'))
after(() => rmSync(folder, { recursive: true }))

const SECRET = 'q7Tz0vBnLw3RkYx9PdHs5JmCf2GaUe8KoVi4ZbNtXrQy'
const OTHER = 'Lm4WcXe8RtYb1NvQz6HuJk0SdFg3PaZx9CiVo5BnTwEr'

function load(env: Record<string, string>): Settings {
  return loadConfig(env, { dotenvPath: false, terminal: false })
}

function loadFile(text: string, env: Record<string, string> = {}): Settings {
  const path = join(folder, `${Math.random()}.env`)
  writeFileSync(path, text)
  return loadConfig(env, { dotenvPath: path, terminal: false })
}

function faultsOf(work: () => unknown): Map<string, string> {
  let caught: unknown
  try {
    work()
  } catch (error) {
    caught = error
  }
  assert.ok(caught instanceof ConfigurationError, 'the configuration was accepted')
  return new Map(caught.faults.map(({ name, message }) => [name, message]))
}

/** What production accepts. */
const production = {
  ENVIRONMENT: 'production',
  JWT_SECRET: SECRET,
  PUBLIC_URL: 'https://api.acme.dev',
  MAIL_OUTBOX: 'true',
}

describe('an empty environment', () => {
  const settings = load({})

  it('gives development with working defaults', () => {
    assert.equal(settings.app.environment, 'development')
    assert.equal(settings.server.port, 8000)
    assert.equal(settings.server.publicUrl, 'http://localhost:8000')
    assert.equal(settings.server.frontendUrl, 'http://localhost:8000')
    assert.equal(settings.server.bodyLimit, 262_144)
    assert.equal(settings.database.url, undefined)
    assert.equal(settings.database.pool.size, 10)
    assert.equal(settings.database.pool.waitMs, 2000)
    assert.equal(settings.database.pool.statementMs, 5000)
    assert.equal(settings.tokens.accessSeconds, 900)
    assert.equal(settings.tokens.halolightAccessSeconds, 604_800)
    assert.equal(settings.tokens.absoluteSeconds, 2_592_000)
    assert.equal(settings.tokens.idleSeconds, 604_800)
    assert.deepEqual(settings.limits.auth, { limit: 5, windowSeconds: 60 })
    assert.deepEqual(settings.limits.login, { limit: 5, windowSeconds: 900 })
    assert.equal(settings.accounts.registration, 'open')
    assert.equal(settings.mail.outbox, true)
    assert.equal(settings.log.format, 'json')
    assert.deepEqual(settings.notices, [])
  })

  it('holds no secret and no default password (AUTH-4)', () => {
    assert.equal(settings.tokens.secret, undefined)
    assert.equal(settings.admin.password, undefined)
    assert.equal(settings.admin.bootstrapToken, undefined)
  })

  it('gives an object that nobody can change', () => {
    assert.throws(() => Object.assign(settings.server, { port: 1 }), TypeError)
    assert.throws(() => settings.server.corsOrigins.push('https://evil.example'), TypeError)
  })
})

describe('the .env files that other systems document', () => {
  const halolight = `# Application Config
DEBUG=false
ENVIRONMENT=production
API_PREFIX=/api

DATABASE_URL=postgresql://user:password@localhost:5432/halolight_db
DATABASE_ECHO=false

JWT_SECRET_KEY=${SECRET}
JWT_REFRESH_SECRET_KEY=${OTHER}
JWT_ALGORITHM=HS256
JWT_ACCESS_TOKEN_EXPIRE_MINUTES=10080  # 7 days
JWT_REFRESH_TOKEN_EXPIRE_DAYS=30

CORS_ORIGINS=["http://localhost:3000","https://halolight.h7ml.cn"]
PASSWORD_MIN_LENGTH=8
`

  it('reads that of the HaloLight dialect', () => {
    const settings = loadFile(halolight, { PUBLIC_URL: 'https://api.acme.dev', MAIL_OUTBOX: 'true' })
    assert.equal(settings.app.environment, 'production')
    assert.equal(settings.database.url, 'postgresql://user:password@localhost:5432/halolight_db')
    assert.equal(settings.database.echo, false)
    assert.equal(settings.tokens.secret, SECRET)
    assert.equal(settings.tokens.refreshSecret, OTHER)
    assert.equal(settings.tokens.algorithm, 'HS256')
    assert.equal(settings.tokens.halolightAccessSeconds, 604_800)
    assert.equal(settings.tokens.accessSeconds, 900)
    assert.equal(settings.tokens.absoluteSeconds, 2_592_000)
    assert.deepEqual(settings.server.corsOrigins, ['http://localhost:3000', 'https://halolight.h7ml.cn'])
    assert.equal(settings.accounts.passwordMinLength, 8)
    assert.deepEqual(settings.notices, ['API_PREFIX is ignored: the base paths are fixed (/api/v1, /api and /).'])
  })

  it('reads it as Docker hands it over, comments and all', () => {
    const settings = load({
      JWT_ACCESS_TOKEN_EXPIRE_MINUTES: '60  # an hour',
      ENVIRONMENT: 'development  # or production',
    })
    assert.equal(settings.tokens.halolightAccessSeconds, 3600)
    assert.equal(settings.app.environment, 'development')
  })

  it('reads that of the multi-tenant dialect with POSTGRES_* and a first superuser', () => {
    const settings = loadFile(`POSTGRES_USER=postgres
POSTGRES_PASSWORD=your_p@ss/word
POSTGRES_HOST=localhost
POSTGRES_PORT=5432
POSTGRES_DB=app_db
SECRET_KEY=your-secret-key-min-32-chars-change-in-production
ENVIRONMENT=development  # development | production
BACKEND_CORS_ORIGINS=["http://localhost:3000"]
CSP_MODE=relaxed  # strict | relaxed | disabled
FIRST_SUPERUSER_EMAIL=root@example.com
FIRST_SUPERUSER_PASSWORD=SecurePass123!
`)
    assert.equal(settings.database.url, 'postgresql://postgres:your_p%40ss%2Fword@localhost:5432/app_db')
    assert.equal(settings.tokens.secret, 'your-secret-key-min-32-chars-change-in-production')
    assert.equal(settings.app.environment, 'development')
    assert.deepEqual(settings.server.corsOrigins, ['http://localhost:3000'])
    assert.equal(settings.server.cspMode, 'relaxed')
    assert.equal(settings.admin.email, 'root@example.com')
    assert.equal(settings.admin.password, 'SecurePass123!')
  })

  it('reads that of the dialect with mail, limits and a pool', () => {
    const settings = loadFile(`PROJECT_NAME=Acme
VERSION=1.0.0
ENVIRONMENT=staging
API_V1_PREFIX=/api/v1
SECRET_KEY=${SECRET}
ALGORITHM=HS256
ACCESS_TOKEN_EXPIRE_MINUTES=30
PASSWORD_RESET_TOKEN_EXPIRE_MINUTES=45
DATABASE_URL=postgresql+asyncpg://u:p@db:5432/acme?ssl=require
DB_POOL_SIZE=20
DB_MAX_OVERFLOW=10
CORS_ORIGINS=http://localhost:3000, https://app.acme.dev/
FRONTEND_URL=https://app.acme.dev/
PUBLIC_URL=https://api.acme.dev
RATE_LIMIT_ENABLED=true
RATE_LIMIT_AUTHENTICATED=100/minute
RATE_LIMIT_UNAUTHENTICATED=20
RATE_LIMIT_AUTH_ENDPOINTS=7
MAIL_USERNAME=your-email@gmail.com
MAIL_PASSWORD=abcdefghijklmnop  # 16-character app password
MAIL_FROM=your-email@gmail.com
MAIL_SERVER=smtp.gmail.com
MAIL_PORT=587
MAIL_STARTTLS=true
MAIL_SSL_TLS=false
`)
    assert.equal(settings.app.name, 'Acme')
    assert.equal(settings.tokens.accessSeconds, 1800)
    assert.equal(settings.tokens.passwordResetSeconds, 2700)
    assert.equal(settings.database.url, 'postgresql://u:p@db:5432/acme?sslmode=require')
    assert.equal(settings.database.pool.size, 30)
    assert.deepEqual(settings.server.corsOrigins, ['http://localhost:3000', 'https://app.acme.dev'])
    assert.equal(settings.server.frontendUrl, 'https://app.acme.dev')
    assert.deepEqual(settings.limits.authenticated, { limit: 100, windowSeconds: 60 })
    assert.deepEqual(settings.limits.anonymous, { limit: 20, windowSeconds: 60 })
    assert.deepEqual(settings.limits.auth, { limit: 7, windowSeconds: 60 })
    assert.deepEqual(settings.mail, {
      host: 'smtp.gmail.com',
      port: 587,
      username: 'your-email@gmail.com',
      password: 'abcdefghijklmnop',
      security: 'starttls',
      from: 'your-email@gmail.com',
      fromName: 'Acme',
      outbox: false,
      tlsCa: undefined,
      attachmentMaxBytes: 10_485_760,
      maxPerRecipientHour: 20,
      maxPerTenantDay: 10_000,
      retentionSeconds: 90 * 86_400,
    })
  })

  it('reads that of the MongoDB dialect, and says what has no effect', () => {
    const settings = loadFile(`MONGO_URI=mongodb://localhost:27017
MONGO_DB_NAME=your_database
JWT_SECRET=your-jwt-secret-key
REFRESH_TOKEN_SECRET=your-refresh-secret-key
REDIS_HOST=localhost
REDIS_PORT=6379
ADMIN_EMAIL=admin@example.com
ADMIN_PASSWORD=SecurePassword123!
MULTI_TENANCY_STRATEGY=subdomain
HOST_MAIN_DOMAIN=yourdomain.com
OLLAMA_HOST=http://localhost:11434
OPENAI_API_KEY=your-openai-key
AZURE_STORAGE_CONTAINER=your-container
AWS_S3_BUCKET=your-bucket
`)
    assert.equal(settings.database.url, undefined)
    assert.equal(settings.tokens.secret, 'your-jwt-secret-key')
    assert.equal(settings.tokens.refreshSecret, 'your-refresh-secret-key')
    assert.equal(settings.redis.url, 'redis://localhost:6379')
    assert.equal(settings.admin.password, 'SecurePassword123!')
    assert.equal(settings.tenancy.strategy, 'subdomain')
    assert.equal(settings.tenancy.mainDomain, 'yourdomain.com')
    assert.equal(settings.notices.length, 4)
    assert.match(settings.notices.join('\n'), /JWT_SECRET is a known example/)
    assert.match(settings.notices.join('\n'), /MONGO_URI is ignored: Ashlar keeps its data in PostgreSQL/)
    assert.match(settings.notices.join('\n'), /OPENAI_API_KEY is a known example/)
  })

  it('reads that of the layered dialect', () => {
    const settings = loadFile(`DATABASE_URL=postgresql+asyncpg://user:pass@localhost:5432/dbname
SECRET_KEY=your-secret-key-here
ALGORITHM=HS256
ACCESS_TOKEN_EXPIRE_MINUTES=60
UPLOAD_DIR=uploads
MAX_UPLOAD_MB=10
MAX_LOGIN_ATTEMPTS=5
LOCKOUT_DURATION_MINUTES=30
RATE_LIMIT_ATTEMPTS=6
RATE_LIMIT_WINDOW_MINUTES=20
`)
    assert.equal(settings.database.url, 'postgresql://user:pass@localhost:5432/dbname')
    assert.equal(settings.tokens.accessSeconds, 3600)
    assert.equal(settings.uploads.dir, join(process.cwd(), 'uploads'))
    assert.equal(settings.uploads.maxBytes, 10_485_760)
    assert.equal(settings.accounts.maxLoginAttempts, 5)
    assert.equal(settings.accounts.lockoutSeconds, 1800)
    assert.deepEqual(settings.limits.login, { limit: 6, windowSeconds: 1200 })
  })
})

describe('names', () => {
  it('lets the environment win over .env, under whatever name', () => {
    const settings = loadFile('PORT=9000\nJWT_SECRET=from-the-file\n', {
      PORT: '9001',
      SECRET_KEY: 'from-the-environment',
    })
    assert.equal(settings.server.port, 9001)
    assert.equal(settings.tokens.secret, 'from-the-environment')
  })

  it('refuses two values under two names and names both', () => {
    const faults = faultsOf(() => load({ JWT_SECRET: 'one-value', JWT_SECRET_KEY: 'another-value' }))
    assert.match(faults.get('JWT_SECRET') ?? '', /JWT_SECRET_KEY/)
    assert.doesNotMatch([...faults.values()].join(), /one-value|another-value/)
  })

  it('accepts one value under two names, and NODE_ENV=production beside ENVIRONMENT=staging', () => {
    assert.equal(
      load({ MAIL_SERVER: 'mx.acme.dev', SMTP_HOST: 'mx.acme.dev', MAIL_FROM: 'a@acme.dev' }).mail.host,
      'mx.acme.dev',
    )
    assert.equal(load({ ...production, ENVIRONMENT: 'staging', NODE_ENV: 'production' }).app.environment, 'staging')
    assert.ok(faultsOf(() => load({ ENVIRONMENT: 'development', NODE_ENV: 'production' })).has('ENVIRONMENT'))
  })

  it('treats empty text as not set', () => {
    assert.equal(load({ PORT: '', REDIS_URL: ' ' }).server.port, 8000)
  })

  it('reads a secret from the file that <NAME>_FILE names (CFG-1)', () => {
    const path = join(folder, 'jwt')
    writeFileSync(path, `${SECRET}\n`)
    assert.equal(load({ JWT_SECRET_FILE: path }).tokens.secret, SECRET)
    assert.ok(faultsOf(() => load({ JWT_SECRET_FILE: join(folder, 'none') })).has('JWT_SECRET_FILE'))
  })

  it('refuses a secret beside a file that holds another one, and names both', () => {
    const path = join(folder, 'jwt-beside')
    writeFileSync(path, `${SECRET}\n`)
    const other = 'another-secret-that-was-forgotten-here-0123456789'
    const faults = faultsOf(() => load({ JWT_SECRET: other, JWT_SECRET_FILE: path }))
    assert.match(faults.get('JWT_SECRET') ?? '', /JWT_SECRET_FILE name the same setting and differ/)
    assert.ok(faultsOf(() => load({ JWT_SECRET: SECRET, JWT_SECRET_FILE: join(folder, 'no') })).has('JWT_SECRET_FILE'))
    assert.equal(load({ JWT_SECRET: SECRET, JWT_SECRET_FILE: path }).tokens.secret, SECRET)
    assert.equal(loadFile(`JWT_SECRET_FILE=${path}\n`, { JWT_SECRET: other }).tokens.secret, other)
  })

  it('says of names in .env that only look like ours that they are none, and why a passing key will not do', () => {
    const { notices } = loadFile('AWS_SESSION_TOKEN=abc\nOPENAI_ORGANIZATION=org\nAWS_REGION=eu-west-1\n')
    assert.equal(notices.length, 2, notices.join('\n'))
    assert.match(notices.join('\n'), /AWS_SESSION_TOKEN is ignored: .+ AWS_ACCESS_KEY_ID must be a lasting one\./)
    assert.match(notices.join('\n'), /OPENAI_ORGANIZATION is not a setting of Ashlar\./)
  })

  it('asks about what looks like a slip, and stays silent about the rest of the environment', () => {
    const settings = load({ RATE_LIMIT_ENABLE: 'false', PATH: '/bin', XDG_RUNTIME_DIR: '/run' })
    assert.deepEqual(settings.notices, ['RATE_LIMIT_ENABLE is not a setting of Ashlar: is RATE_LIMIT_ENABLED meant?'])
    assert.equal(settings.limits.enabled, true)
  })
})

describe('values', () => {
  const refused: [string, string][] = [
    ['PORT', '70000'],
    ['PORT', '80a'],
    ['DATABASE_ECHO', 'perhaps'],
    ['JWT_ALGORITHM', 'none'],
    ['ACCESS_TOKEN_EXPIRE_MINUTES', '-5'],
    ['ACCESS_TOKEN_EXPIRE_MINUTES', '90d'],
    ['BODY_LIMIT', 'lots'],
    ['CORS_ORIGINS', '["http://localhost:3000"'],
    ['CORS_ORIGINS', '[1]'],
    ['CORS_ORIGINS', 'https://*.example.com'],
    ['CORS_ORIGINS', 'https://app.example.com/path'],
    ['PUBLIC_URL', 'javascript:alert(1)'],
    ['PUBLIC_URL', 'https://user:pw@example.com'],
    ['DATABASE_URL', 'mysql://u:p@localhost/db'],
    ['DATABASE_URL', 'postgresql://localhost'],
    ['REDIS_URL', 'http://localhost'],
    ['TRUST_PROXY', 'true'],
    ['TRUST_PROXY', '0.0.0.0/0'],
    ['TRUST_PROXY', '::/0'],
    ['TRUST_PROXY', '*'],
    ['TRUST_PROXY', '2'],
    ['PASSWORD_MIN_LENGTH', '6'],
    ['RATE_LIMIT_REFRESH', '0'],
    ['RATE_LIMIT_REFRESH', '10/fortnight'],
    ['DATA_ENCRYPTION_KEY', 'too-short'],
    ['DATABASE_ROLE_PREFIX', 'drop table'],
    ['ADMIN_EMAIL', 'nobody'],
    ['HOST_MAIN_DOMAIN', 'https://example.com'],
  ]
  for (const [name, value] of refused) {
    it(`refuses ${name}=${value} in every environment`, () => {
      assert.ok(faultsOf(() => load({ [name]: value })).has(name))
    })
  }

  it('reads units', () => {
    const settings = load({
      REQUEST_TIMEOUT: '2m',
      DB_LOCK_TIMEOUT: '500ms',
      ACCESS_TOKEN_EXPIRE_MINUTES: '2h',
      BODY_LIMIT: '1MB',
    })
    assert.equal(settings.server.requestTimeoutMs, 120_000)
    assert.equal(settings.database.pool.lockMs, 500)
    assert.equal(settings.tokens.accessSeconds, 7200)
    assert.equal(settings.server.bodyLimit, 1_048_576)
  })

  it('reads proxies as networks, and false as nobody', () => {
    assert.deepEqual(load({ TRUST_PROXY: '10.0.0.0/8, 192.168.1.7, loopback' }).server.trustedProxies, [
      '10.0.0.0/8',
      '192.168.1.7',
      'loopback',
    ])
    assert.deepEqual(load({ TRUST_PROXY: 'false' }).server.trustedProxies, [])
  })

  it('refuses settings that contradict each other', () => {
    assert.ok(faultsOf(() => load({ MULTI_TENANCY_STRATEGY: 'subdomain' })).has('HOST_MAIN_DOMAIN'))
    const idn = load({ MULTI_TENANCY_STRATEGY: 'subdomain', HOST_MAIN_DOMAIN: 'Bücher.Example.' })
    assert.equal(idn.tenancy.mainDomain, 'xn--bcher-kva.example')
    assert.ok(faultsOf(() => load({ RATE_LIMIT_STORE: 'redis' })).has('REDIS_URL'))
    assert.ok(faultsOf(() => load({ HEADERS_TIMEOUT: '60' })).has('HEADERS_TIMEOUT'))
    assert.ok(faultsOf(() => load({ SHUTDOWN_DELAY: '30' })).has('SHUTDOWN_DELAY'))
    assert.equal(load({ SHUTDOWN_DELAY: '500ms' }).server.shutdownDelayMs, 500)
    assert.ok(faultsOf(() => load({ SMTP_HOST: 'mx.acme.dev' })).has('MAIL_FROM'))
    assert.ok(faultsOf(() => load({ MAIL_OUTBOX: 'false' })).has('SMTP_HOST'))
    assert.ok(faultsOf(() => load({ WEB_CONCURRENCY: '2' })).has('DATABASE_URL'))
    for (const share of ['2', '-1', '1.5', 'half'])
      assert.ok(faultsOf(() => load({ OTEL_TRACES_SAMPLER_ARG: share })).has('OTEL_TRACES_SAMPLER_ARG'))
    assert.ok(faultsOf(() => load({ OTEL_EXPORTER_OTLP_HEADERS: 'no pair' })).has('OTEL_EXPORTER_OTLP_HEADERS'))
    const { headers, share } = load({
      OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a=b,x-org=1',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
    }).tracing
    assert.deepEqual([headers, share], [{ 'x-key': 'a=b', 'x-org': '1' }, 0.25])
    assert.ok(
      faultsOf(() => load({ JWT_ALGORITHM: 'RS256', JWT_PRIVATE_KEY: '-----BEGIN KEY-----x-----END KEY-----' })).has(
        'JWT_PRIVATE_KEY',
      ),
    )
  })

  it('leaves a DEBUG that is not ours alone', () => {
    assert.equal(load({ DEBUG: 'express:*' }).log.level, 'info')
    assert.equal(load({ DEBUG: 'True' }).log.level, 'debug')
  })
})

describe('production (AUTH-4)', () => {
  it('accepts a sound configuration and tightens the defaults', () => {
    const settings = load(production)
    assert.equal(settings.accounts.registration, 'closed')
    assert.equal(settings.server.documents, false)
    assert.deepEqual(settings.server.corsOrigins, [])
    assert.equal(settings.app.strict, true)
  })

  const refusals: [string, Record<string, string | undefined>, string][] = [
    ['a missing secret', { JWT_SECRET: undefined }, 'JWT_SECRET'],
    ['a short secret', { JWT_SECRET: SECRET.slice(0, 31) }, 'JWT_SECRET'],
    ['an example secret', { JWT_SECRET: 'your-super-secret-jwt-key-change-in-production-min-32-chars' }, 'JWT_SECRET'],
    [
      'another example secret',
      { JWT_SECRET: '09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7' },
      'JWT_SECRET',
    ],
    ['a secret of one letter', { JWT_SECRET: 'x'.repeat(64) }, 'JWT_SECRET'],
    ['an example refresh secret', { REFRESH_TOKEN_SECRET: 'your-refresh-secret-key' }, 'REFRESH_TOKEN_SECRET'],
    ['a known previous secret', { JWT_PREVIOUS_SECRETS: 'changeme' }, 'JWT_PREVIOUS_SECRETS'],
    ['a missing private key', { JWT_ALGORITHM: 'EdDSA' }, 'JWT_PRIVATE_KEY'],
    ['an example password', { ADMIN_PASSWORD: 'SecurePassword123!' }, 'ADMIN_PASSWORD'],
    ['another example password', { ADMIN_PASSWORD: 'SecurePass123!' }, 'ADMIN_PASSWORD'],
    ['a short password', { ADMIN_PASSWORD: 'kT9#w' }, 'ADMIN_PASSWORD'],
    ['a short bootstrap token', { ADMIN_BOOTSTRAP_TOKEN: 'token' }, 'ADMIN_BOOTSTRAP_TOKEN'],
    ['every origin', { CORS_ORIGINS: '*' }, 'CORS_ORIGINS'],
    ['every proxy', { TRUST_PROXY: 'true' }, 'TRUST_PROXY'],
    ['no way to send mail', { MAIL_OUTBOX: undefined }, 'SMTP_HOST'],
    [
      'a password to a mail server in the clear',
      { SMTP_HOST: 'mx.acme.dev', SMTP_PASSWORD: 'p', MAIL_FROM: 'a@b.c', MAIL_STARTTLS: 'false' },
      'MAIL_STARTTLS',
    ],
    ['a missing public address', { PUBLIC_URL: undefined }, 'PUBLIC_URL'],
    ['a public address in the clear', { PUBLIC_URL: 'http://api.acme.dev' }, 'PUBLIC_URL'],
    ['no limits', { RATE_LIMIT_ENABLED: 'false' }, 'RATE_LIMIT_ENABLED'],
    ['no content security policy', { CSP_MODE: 'disabled' }, 'CSP_MODE'],
    ['cheap password hashes', { ARGON2_MEMORY_KIB: '1024' }, 'ARGON2_MEMORY_KIB'],
    ['an encryption key of zeros', { DATA_ENCRYPTION_KEY: '0'.repeat(64) }, 'DATA_ENCRYPTION_KEY'],
  ]
  for (const environment of ['production', 'staging']) {
    for (const [what, change, name] of refusals) {
      it(`refuses ${what} in ${environment}`, () => {
        const env = Object.entries({ ...production, ENVIRONMENT: environment, ...change })
        const faults = faultsOf(() =>
          load(Object.fromEntries(env.filter((entry): entry is [string, string] => entry[1] !== undefined))),
        )
        assert.deepEqual([...faults.keys()], [name])
      })
    }
  }

  it('accepts http on this machine', () => {
    assert.equal(load({ ...production, PUBLIC_URL: 'http://localhost:8000' }).server.publicUrl, 'http://localhost:8000')
  })

  it('names every fault at once', () => {
    const faults = faultsOf(() =>
      load({
        NODE_ENV: 'production',
        SECRET_KEY: 'changeme',
        ADMIN_PASSWORD: 'admin',
        CORS_ORIGINS: '*',
        TRUST_PROXY: 'true',
        PUBLIC_URL: 'http://acme.dev',
        RATE_LIMIT_ENABLED: 'false',
        CSP_MODE: 'disabled',
        PORT: 'http',
      }),
    )
    const expected = [
      'ADMIN_PASSWORD',
      'CORS_ORIGINS',
      'CSP_MODE',
      'JWT_SECRET',
      'PORT',
      'PUBLIC_URL',
      'RATE_LIMIT_ENABLED',
      'SMTP_HOST',
      'TRUST_PROXY',
    ]
    assert.deepEqual([...faults.keys()].sort(), expected)
  })
})

describe('secrets in messages', () => {
  it('are never printed, whatever is wrong with them', () => {
    const marker = 'S3ntinel'
    const names = [
      'JWT_SECRET',
      'REFRESH_TOKEN_SECRET',
      'JWT_PRIVATE_KEY',
      'ADMIN_PASSWORD',
      'ADMIN_BOOTSTRAP_TOKEN',
      'DATA_ENCRYPTION_KEY',
    ]
    const urls = {
      DATABASE_URL: `mysql://u:${marker}@h/d`,
      REDIS_URL: `http://:${marker}@h`,
      PUBLIC_URL: `https://u:${marker}@h`,
    }
    const env = { ENVIRONMENT: 'production', ...urls, ...Object.fromEntries(names.map((name) => [name, marker])) }
    try {
      load({ ...env, SECRET_KEY: `${marker}2`, JWT_PREVIOUS_SECRETS: marker, DATA_ENCRYPTION_PREVIOUS_KEYS: marker })
      assert.fail('the configuration was accepted')
    } catch (error) {
      assert.ok(error instanceof ConfigurationError)
      assert.ok(error.faults.length >= 9)
      assert.ok(!error.message.includes(marker))
      assert.ok(!JSON.stringify(error.faults).includes(marker))
      assert.ok(!(error.stack ?? '').includes(marker))
    }
  })

  it('are described as set', () => {
    const described = describeConfig(load({ JWT_SECRET: SECRET, DATABASE_URL: 'postgresql://u:pw@h/d', PORT: '9000' }))
    assert.equal(described.JWT_SECRET, '(set)')
    assert.equal(described.DATABASE_URL, '(set)')
    assert.equal(described.PORT, '9000')
    assert.ok(!JSON.stringify(described).includes('pw'))
  })
})
