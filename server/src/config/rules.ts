// What settings must not be together, and what production refuses.
import type { Raw, Settings } from './derive.ts'
import type { Faults } from './faults.ts'
import { signingAlgorithm } from './keys.ts'
import { adminPasswordWeakness, MAKE_ONE, secretWeakness } from './weak.ts'

/** Rules that hold everywhere. */
export function checkTogether(settings: Settings, raw: Raw, faults: Faults): void {
  const { server, tenancy, limits, redis, mail, tokens } = settings
  if (tenancy.strategy === 'subdomain' && !tenancy.mainDomain) {
    faults.add('HOST_MAIN_DOMAIN', 'is missing: MULTI_TENANCY_STRATEGY=subdomain needs it')
  }
  if (limits.store === 'redis' && !redis.url) faults.add('REDIS_URL', 'is missing: RATE_LIMIT_STORE=redis needs it')
  if (limits.store === 'memory' && server.processes > 1) {
    faults.add('RATE_LIMIT_STORE', 'must not be memory when WEB_CONCURRENCY is more than 1')
  }
  if (server.processes > 1 && !settings.database.url) {
    faults.add('DATABASE_URL', 'is missing: WEB_CONCURRENCY of more than 1 needs a PostgreSQL server')
  }
  if (settings.database.appUrl && !settings.database.url) {
    faults.add('DATABASE_URL', 'is missing: DATABASE_APP_URL needs it')
  }
  if (settings.database.poolerUrl && !settings.database.appUrl) {
    faults.add(
      'DATABASE_APP_URL',
      'is missing: DATABASE_POOLER_URL needs it, since a pooler in transaction mode cannot listen',
    )
  }
  if (server.headersTimeoutMs > server.requestTimeoutMs)
    faults.add('HEADERS_TIMEOUT', 'must not be longer than REQUEST_TIMEOUT')
  if (server.shutdownDelayMs > 0 && server.shutdownDelayMs >= server.shutdownTimeoutMs)
    faults.add('SHUTDOWN_DELAY', 'must be shorter than SHUTDOWN_TIMEOUT, which counts from the signal')
  const { retentionSeconds } = settings.audit
  if (retentionSeconds > 0 && retentionSeconds < 30 * 86_400)
    faults.add('AUDIT_RETENTION_DAYS', 'must be 0, for ever, or at least 30')
  if (raw.mail.tls && raw.mail.starttls) faults.add('MAIL_SSL_TLS', 'and MAIL_STARTTLS cannot both be true')
  if (!settings.app.strict && !mail.host && !mail.outbox)
    faults.add('SMTP_HOST', 'is missing: MAIL_OUTBOX=false needs it')
  if (mail.host && mail.from === 'no-reply@localhost') faults.add('MAIL_FROM', 'is missing: SMTP_HOST needs it')
  if (settings.ai.maxOutputTokens * 2 > settings.ai.contextTokens)
    faults.add('AI_MAX_OUTPUT_TOKENS', 'must be at most half of AI_CONTEXT_TOKENS')
  checkKeys(tokens, faults)
  checkStorage(settings, faults)
}

function checkStorage({ storage: { provider, s3, azure } }: Settings, faults: Faults): void {
  if (provider === 's3' && !s3)
    faults.add('STORAGE_PROVIDER', 'of s3 needs AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_S3_BUCKET')
  if (provider === 'azure' && !azure)
    faults.add(
      'STORAGE_PROVIDER',
      'of azure needs AZURE_STORAGE_CONTAINER, and AccountName and AccountKey in AZURE_STORAGE_CONNECTION_STRING',
    )
}

function checkKeys({ algorithm, privateKey, previousPrivateKeys }: Settings['tokens'], faults: Faults): void {
  if (privateKey && algorithm !== 'HS256' && signingAlgorithm(privateKey) !== algorithm) {
    const needed = algorithm === 'RS256' ? 'an RSA key of at least 2048 bits' : 'an Ed25519 key'
    faults.add('JWT_PRIVATE_KEY', `must be ${needed}, which JWT_ALGORITHM=${algorithm} signs with`)
  }
  if (!previousPrivateKeys.every(signingAlgorithm)) {
    faults.add('JWT_PREVIOUS_PRIVATE_KEYS', 'must hold RSA keys of at least 2048 bits or Ed25519 keys')
  }
}

/** What production would refuse and development lets pass with a word. */
export function warnings({ tokens }: Settings): string[] {
  const weakness = tokens.secret === undefined ? undefined : secretWeakness(tokens.secret)
  return weakness ? [`JWT_SECRET ${weakness}. Production refuses it.`] : []
}

/** What production and staging refuse. */
export function checkProduction(settings: Settings, raw: Raw, faults: Faults): void {
  checkSecrets(settings, faults)
  const { server, limits, mail, hashing } = settings
  if (!raw.server.publicUrl)
    faults.add('PUBLIC_URL', 'is missing: production needs the address under which people reach it')
  else if (!isProtected(server.publicUrl)) faults.add('PUBLIC_URL', 'must be https in production')
  if (raw.server.frontendUrl && !isProtected(server.frontendUrl))
    faults.add('FRONTEND_URL', 'must be https in production')
  if (server.corsOrigins.includes('*')) faults.add('CORS_ORIGINS', 'must not be * in production: list the origins')
  if (server.cspMode === 'disabled') faults.add('CSP_MODE', 'must not be disabled in production')
  if (!limits.enabled) faults.add('RATE_LIMIT_ENABLED', 'must not be false in production')
  if (!mail.host && !mail.outbox) {
    faults.add('SMTP_HOST', 'is missing: production sends mail, or says MAIL_OUTBOX=true to keep it unsent')
  }
  if (mail.host && mail.password && mail.security === 'none' && !isLoopback(mail.host)) {
    faults.add('MAIL_STARTTLS', 'must not be false in production: SMTP_PASSWORD would be sent in the clear')
  }
  // The equivalent settings of the OWASP password storage cheat sheet, from 47104 KiB × 1 to 7168 KiB × 5.
  if (hashing.memoryKib < 7168 || hashing.memoryKib * hashing.passes < 35_840) {
    faults.add(
      'ARGON2_MEMORY_KIB',
      'and ARGON2_TIME_COST are too low for production: 19456 and 2 are the least advised',
    )
  }
}

function checkSecrets({ tokens, admin, metrics, encryption }: Settings, faults: Faults): void {
  if (!tokens.secret) faults.add('JWT_SECRET', `is missing: ${MAKE_ONE}`)
  if (tokens.algorithm !== 'HS256' && !tokens.privateKey) {
    faults.add('JWT_PRIVATE_KEY', `is missing: JWT_ALGORITHM=${tokens.algorithm} needs it in production`)
  }
  const secrets: [string, string | undefined][] = [
    ['JWT_SECRET', tokens.secret],
    ['REFRESH_TOKEN_SECRET', tokens.refreshSecret],
    ...tokens.previousSecrets.map((secret): [string, string] => ['JWT_PREVIOUS_SECRETS', secret]),
    ['ADMIN_BOOTSTRAP_TOKEN', admin.bootstrapToken],
    ['METRICS_TOKEN', metrics.token],
  ]
  for (const [name, secret] of secrets) {
    const weakness = secret === undefined ? undefined : secretWeakness(secret)
    if (weakness) faults.add(name, weakness)
  }
  const weakness = admin.password === undefined ? undefined : adminPasswordWeakness(admin.password)
  if (weakness) faults.add('ADMIN_PASSWORD', `${weakness}: choose another`)
  if (encryption.key && new Set(Buffer.from(encryption.key, 'base64')).size < 10) {
    faults.add('DATA_ENCRYPTION_KEY', 'is not random: make one with `openssl rand -base64 32`')
  }
}

function isProtected(address: string): boolean {
  const url = new URL(address)
  return url.protocol === 'https:' || isLoopback(url.hostname)
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
