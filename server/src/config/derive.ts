// From what was read to what is used: settings that are put together from others.
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import type { table, Values } from './table.ts'

export type Raw = Values<typeof table>

/** The configuration before its secrets are complete. */
export type Settings = ReturnType<typeof derive>

/** Puts the settings together. `terminal` says whether a person reads the standard output. */
export function derive(raw: Raw, terminal: boolean, notices: string[]) {
  const { app, server, database, redis, tokens, log, hashing, uploads, parts } = raw
  const strict = app.environment === 'production' || app.environment === 'staging'
  const dataDir = resolve(app.dataDir)
  const publicUrl = server.publicUrl ?? `http://localhost:${server.port}`
  const debug = parts.debug !== undefined && /^(?:true|1|yes|on)$/i.test(parts.debug)
  return {
    app: { ...app, dataDir, strict },
    server: { ...server, publicUrl, frontendUrl: server.frontendUrl ?? publicUrl },
    database: {
      ...database,
      url: database.url ?? postgresUrl(parts.postgres),
      pool: {
        ...database.pool,
        size: database.pool.size + parts.poolOverflow,
        prepared: database.pool.prepared ?? database.poolerUrl === undefined,
      },
    },
    redis: { url: redis.url ?? redisUrl(parts) },
    tokens: { ...tokens, idleSeconds: Math.min(tokens.idleSeconds, tokens.absoluteSeconds) },
    accounts: raw.accounts,
    admin: raw.admin,
    tenancy: raw.tenancy,
    audit: raw.audit,
    limits: raw.limits,
    hashing: { ...hashing, concurrency: hashing.concurrency ?? availableParallelism() },
    encryption: raw.encryption,
    mail: deriveMail(raw, strict),
    uploads: { ...uploads, dir: resolve(uploads.dir ?? join(dataDir, 'uploads')) },
    content: raw.content,
    messages: raw.messages,
    notifications: raw.notifications,
    ai: deriveAi(raw, notices),
    storage: deriveStorage(raw),
    worker: raw.worker,
    events: raw.events,
    log: {
      level: log.level ?? (debug ? ('debug' as const) : ('info' as const)),
      format: log.format ?? (app.environment === 'development' && terminal ? ('pretty' as const) : ('json' as const)),
    },
    metrics: raw.metrics,
    tracing: deriveTracing(raw),
    /** Sentences for the log about variables that have no effect or deserve a look. */
    notices,
  }
}

function deriveTracing({ tracing: { headers, share, ...rest } }: Raw) {
  const pairs = headers.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)])
  return { ...rest, headers: Object.fromEntries(pairs) as Record<string, string>, share: Number(share) }
}

/** What each storage is opened with; undefined where something is missing. */
function deriveStorage({ storage: { s3, azure, ...rest } }: Raw) {
  const { accessKeyId, secretAccessKey, bucket, region, endpoint } = s3
  const { connectionString = '', container } = azure
  const parts = new Map(
    connectionString.split(';').map((part) => {
      const [name = '', ...value] = part.split('=')
      return [name.trim().toLowerCase(), value.join('=').trim()] as const
    }),
  )
  const [account, accountKey] = [parts.get('accountname'), parts.get('accountkey')]
  return {
    ...rest,
    s3:
      accessKeyId && secretAccessKey && bucket ? { accessKeyId, secretAccessKey, bucket, region, endpoint } : undefined,
    azure:
      account && accountKey && container
        ? { account, accountKey, container, endpoint: parts.get('blobendpoint') }
        : undefined,
  }
}

/** Each provider with its models; undefined where it is not set up. */
function deriveAi({ ai: { ollama, openai, ...rest } }: Raw, notices: string[]) {
  const named = (models: string[]) => (models.length > 0 ? models : undefined)
  const { contextTokens } = rest
  const isExample = openai.key !== undefined && /^your[-_]/i.test(openai.key)
  if (isExample) notices.push('OPENAI_API_KEY is a known example and has no effect.')
  const key = isExample ? undefined : openai.key
  return {
    ...rest,
    ollama: ollama.url === undefined ? undefined : { url: ollama.url, models: named(ollama.models), contextTokens },
    openai:
      openai.url === undefined && key === undefined
        ? undefined
        : { url: openai.url ?? 'https://api.openai.com/v1', key, models: named(openai.models) },
  }
}

function deriveMail({ mail, app }: Raw, strict: boolean) {
  const { tls, starttls, outbox, from, fromName, ...rest } = mail
  const implicit = tls ?? (starttls !== true && mail.port === 465)
  const security = implicit ? 'tls' : (starttls ?? true) ? 'starttls' : 'none'
  return {
    ...rest,
    security: security as 'tls' | 'starttls' | 'none',
    from: from ?? (mail.username?.includes('@') ? mail.username : 'no-reply@localhost'),
    fromName: fromName ?? app.name,
    /** Mail is kept and never sent. */
    outbox: outbox ?? (!strict && mail.host === undefined),
  }
}

/** POSTGRES_PASSWORD alone is what the database's own container reads: it takes one more part to mean us. */
function postgresUrl({ user, password, host, port, database }: Raw['parts']['postgres']): string | undefined {
  if (user === undefined && host === undefined && database === undefined) return undefined
  const name = user ?? 'postgres'
  const credentials = [name, password]
    .filter((part) => part !== undefined)
    .map(encodeURIComponent)
    .join(':')
  return `postgresql://${credentials}@${host ?? 'localhost'}:${port ?? 5432}/${encodeURIComponent(database ?? name)}`
}

function redisUrl({ redisHost, redisPort }: Raw['parts']): string | undefined {
  if (redisHost === undefined && redisPort === undefined) return undefined
  return `redis://${redisHost ?? 'localhost'}:${redisPort ?? 6379}`
}
