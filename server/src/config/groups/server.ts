// Settings of the application as a whole and of its HTTP server.
import { readHttpUrl, readNetwork, readOrigin, Unreadable } from '../formats.ts'
import { boolean, choice, duration, type Environment, integer, list, size, text } from '../kinds.ts'

const environments = ['development', 'staging', 'production', 'test'] as const satisfies Environment[]

export const app = {
  environment: choice('ENVIRONMENT', 'Where this runs. Production and staging refuse unsafe settings.', {
    of: environments,
    default: 'development',
    aliases: ['NODE_ENV'],
    also: { dev: 'development', local: 'development', stage: 'staging', prod: 'production', testing: 'test' },
  }),
  name: text('PROJECT_NAME', 'The name that people see in mails and in the documentation.', { default: 'Ashlar' }),
  defaultLocale: choice(
    'DEFAULT_LOCALE',
    'The language of mails to people and tenants that chose none, and of the names that roles and permissions have in a new tenant.',
    {
      of: ['en', 'de', 'zh-CN'] as const,
      default: 'en',
      also: { zh: 'zh-CN', zh_cn: 'zh-CN', 'zh-cn': 'zh-CN', 'de-de': 'de', 'en-us': 'en', 'en-gb': 'en' },
    },
  ),
  dataDir: text('DATA_DIR', 'The folder for what is kept on disk: made secrets, uploads, the embedded database.', {
    default: './data',
    allowed: 'a folder',
  }),
}

const trustedProxies = list(
  'TRUST_PROXY',
  'The proxies whose X-Forwarded-* headers are believed; nobody by default, and never everybody.',
  {
    default: [],
    of: 'addresses, networks in CIDR notation, loopback, linklocal, uniquelocal',
    item: readNetwork,
  },
)

export const server = {
  host: text('HOST', 'The address to listen on; 0.0.0.0 for every interface, as in a container.', {
    default: '127.0.0.1',
    allowed: 'an IP address or host name',
  }),
  port: integer('PORT', 'The port to listen on; 0 takes a free one.', { default: 8000, min: 0, max: 65_535 }),
  publicUrl: text('PUBLIC_URL', 'The address under which people reach this server; it stands in links and tokens.', {
    allowed: 'an http or https address',
    read: readHttpUrl,
    shown: 'http://localhost:<PORT>; required in production',
  }),
  frontendUrl: text('FRONTEND_URL', 'The address of the web application, for links in mails.', {
    allowed: 'an http or https address',
    read: readHttpUrl,
    shown: '<PUBLIC_URL>',
  }),
  corsOrigins: list('CORS_ORIGINS', 'The origins whose pages may call this server from a browser.', {
    default: [],
    defaultIn: { development: ['http://localhost:3000', 'http://localhost:5173'] },
    aliases: ['BACKEND_CORS_ORIGINS'],
    of: 'origins',
    item: readOrigin,
  }),
  cspMode: choice('CSP_MODE', 'The Content-Security-Policy: strict, relaxed for tools that inline scripts, or none.', {
    of: ['strict', 'relaxed', 'disabled'],
    default: 'strict',
  }),
  documents: boolean('DOCS_ENABLED', 'Whether /docs, /redoc and /openapi.json are served.', {
    default: true,
    defaultIn: { production: false },
  }),
  trustedProxies: {
    ...trustedProxies,
    parse: (given: string) => (/^(?:false|no|off|none|0)$/i.test(given) ? [] : trustedProxies.parse(given)),
  },
  bodyLimit: size(
    'BODY_LIMIT',
    'The largest request body. Uploads and forms with files have limits of their own; a document is taken up to 8 MiB, a question to a model up to 256 KiB, whatever this says.',
    { default: 256, unit: 'kb', min: 1, max: 102_400 },
  ),
  requestTimeoutMs: duration('REQUEST_TIMEOUT', 'How long a client may take to send a whole request.', {
    unit: 's',
    to: 'ms',
    default: 30,
    min: 1,
    max: 3600,
  }),
  headersTimeoutMs: duration('HEADERS_TIMEOUT', 'How long a client may take to send the headers.', {
    unit: 's',
    to: 'ms',
    default: 10,
    min: 1,
    max: 600,
  }),
  handlerTimeoutMs: duration('HANDLER_TIMEOUT', 'How long an answer may take, streams and uploads apart.', {
    unit: 's',
    to: 'ms',
    default: 10,
    min: 1,
    max: 600,
  }),
  keepAliveTimeoutMs: duration(
    'KEEP_ALIVE_TIMEOUT',
    'How long an idle connection stays open; longer than the proxy in front keeps it.',
    {
      unit: 's',
      to: 'ms',
      default: 72,
      min: 1,
      max: 3600,
    },
  ),
  maxConnections: integer('MAX_CONNECTIONS', 'How many connections one process accepts.', {
    default: 12_000,
    min: 10,
    max: 1_000_000,
  }),
  shutdownDelayMs: duration(
    'SHUTDOWN_DELAY',
    'How long a stop goes on answering, not ready and closing connections, so that proxies and clients go elsewhere first.',
    {
      unit: 's',
      to: 'ms',
      default: 3,
      defaultIn: { development: 0, test: 0 },
      min: 0,
      max: 300,
    },
  ),
  shutdownFile: text(
    'SHUTDOWN_FILE',
    'A file that stands from the beginning of a stop until the next start listens: nginx on the same machine sees it and asks other nodes.',
    { allowed: 'a file in a folder that exists and may be written' },
  ),
  shutdownTimeoutMs: duration('SHUTDOWN_TIMEOUT', 'How long a stop may wait for requests and jobs in flight.', {
    unit: 's',
    to: 'ms',
    default: 30,
    min: 1,
    max: 3600,
  }),
  processes: integer('WEB_CONCURRENCY', 'How many processes serve requests; more than one needs DATABASE_URL.', {
    default: 1,
    min: 1,
    max: 128,
  }),
}

export const worker = {
  inProcess: boolean(
    'WORKER_IN_PROCESS',
    'Whether the server also runs the background jobs; false when `ashlar worker` runs apart.',
    {
      default: true,
    },
  ),
  healthPort: integer(
    'WORKER_HEALTH_PORT',
    'The port on HOST where `ashlar worker` answers 200 while its database does; without it no port is opened.',
    { min: 0, max: 65_535 },
  ),
}

export const log = {
  level: choice('LOG_LEVEL', 'The least severe entry that is logged.', {
    of: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    also: { critical: 'fatal', warning: 'warn' },
    shown: 'info; debug when DEBUG is true',
  }),
  format: choice('LOG_FORMAT', 'One JSON object a line, or coloured text for people.', {
    of: ['json', 'pretty'],
    shown: 'json; pretty in development on a terminal',
  }),
}

export const tracing = {
  endpoint: text(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'Where traces are sent by OTLP over HTTP, such as http://localhost:4318; unset for none.',
    {
      allowed: 'an http or https address',
      read: readHttpUrl,
    },
  ),
  headers: list('OTEL_EXPORTER_OTLP_HEADERS', 'Headers that the receiver of traces asks for.', {
    default: [],
    of: 'name=value pairs',
    secret: true,
    item: readHeader,
  }),
  serviceName: text('OTEL_SERVICE_NAME', 'What traces call this service.', { default: 'ashlar' }),
  share: text('OTEL_TRACES_SAMPLER_ARG', 'Which share of the traces is sent, from 0 to 1.', {
    default: '1',
    allowed: 'a number from 0 to 1',
    read: readShare,
  }),
}

function readHeader(given: string): string {
  if (!/^[\w!#$%&'*+.^`|~-]+=[\x20-\x7e]*$/.test(given)) throw new Unreadable('must be name=value pairs')
  return given
}

function readShare(given: string): string {
  if (!/^(?:0|1|0?\.\d{1,6}|1\.0+|0\.\d{1,6})$/.test(given)) throw new Unreadable('must be a number from 0 to 1')
  return given
}

export const metrics = {
  port: integer('METRICS_PORT', 'A second port on HOST that serves /metrics and nothing else; unset for none.', {
    min: 1,
    max: 65_535,
  }),
  token: text(
    'METRICS_TOKEN',
    'The bearer token that opens /metrics on the public port, and then on METRICS_PORT too; unset keeps the public one shut.',
    {
      secret: true,
    },
  ),
}
