// The services beside the database: where files lie, who sends mail, Redis, and providers of language models.
import { Redis } from 'ioredis'
import type { Config } from '../../config.ts'
import { createDirectory } from '../../drivers/ai/index.ts'
import { createAzureStore, createDiskStore, createS3Store, tryStore } from '../../drivers/blobs/index.ts'
import type { MailRefused } from '../../drivers/mailer/index.ts'
import type { Log } from '../../drivers/telemetry/log.ts'
import { mailerOf } from '../runtime.ts'
import { type Finding, fail, ok, warn, wordsOf } from './finding.ts'

const STORAGE_MENDS = {
  disk: 'Give the user of Ashlar the right to write to UPLOAD_DIR, on a volume with room.',
  s3: 'Check AWS_S3_BUCKET, AWS_S3_ENDPOINT and AWS_S3_REGION, and whether the key may put, get and delete objects.',
  azure: 'Check AZURE_STORAGE_CONNECTION_STRING and AZURE_STORAGE_CONTAINER, and whether the key may write to it.',
}

/** Keeps a small file, reads it and removes it. */
export async function examineStorage({ storage, uploads }: Pick<Config, 'storage' | 'uploads'>): Promise<Finding[]> {
  const { provider } = storage
  const store = storeOf({ storage, uploads })
  if (!store) return [fail('storage', `The settings of the ${provider} storage are missing.`, STORAGE_MENDS[provider])]
  try {
    await tryStore(store, 'ashlar-doctor')
    return [ok('storage', `The ${provider} storage keeps, gives back and removes what it is given.`)]
  } catch (error) {
    const { cause } = error as Error
    const says = `The ${provider} storage does not work: ${wordsOf(cause ?? error)}`
    return [fail('storage', says, STORAGE_MENDS[provider])]
  } finally {
    store.close()
  }
}

function storeOf({ storage, uploads }: Pick<Config, 'storage' | 'uploads'>) {
  const anywhere = { allowPrivate: true }
  if (storage.provider === 'disk') return createDiskStore({ dir: uploads.dir })
  if (storage.provider === 's3') return storage.s3 && createS3Store(storage.s3, anywhere)
  return storage.azure && createAzureStore(storage.azure, anywhere)
}

/** Connects to the mail server and signs in; sends nothing. */
export async function examineMail(config: Config, { log }: { log: Log }): Promise<Finding[]> {
  const mailer = mailerOf(config, log)
  const { host, port, security } = config.mail
  if (!mailer)
    return [
      config.app.strict
        ? warn('mail', 'Mail is kept and not sent.', 'Set SMTP_HOST, and take MAIL_OUTBOX away, to have it sent.')
        : ok('mail', 'Mail is kept in the outbox, to be read there.'),
    ]
  const where = `${host}:${port} (${security === 'none' ? 'in the clear' : security})`
  try {
    await mailer.verify()
    return [ok('mail', `The mail server ${where} lets us in.`)]
  } catch (error) {
    const { isUnreachable, response } = error as MailRefused
    const mend = isUnreachable
      ? 'Check SMTP_HOST, SMTP_PORT, MAIL_SSL_TLS and MAIL_STARTTLS, and whether the way there is open.'
      : 'Check SMTP_USERNAME and SMTP_PASSWORD, and what the server asks for.'
    return [fail('mail', `The mail server ${where} does not let us in: ${response ?? wordsOf(error)}`, mend)]
  } finally {
    mailer.close()
  }
}

const REDIS_MS = 3_000

export async function examineRedis({ redis: { url } }: Pick<Config, 'redis'>): Promise<Finding[]> {
  if (!url) return []
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: REDIS_MS,
    commandTimeout: REDIS_MS,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  })
  let reason: unknown
  redis.on('error', (error) => {
    reason ??= error
  })
  const where = new URL(url).host
  try {
    await redis.connect()
    await redis.ping()
    return [ok('redis', `Redis answers at ${where}.`)]
  } catch (error) {
    const mend =
      'Start Redis, correct REDIS_URL, or take it away: until then PostgreSQL counts, and nothing is answered from caches.'
    return [fail('redis', `Redis does not answer at ${where}: ${wordsOf(reason ?? error)}`, mend)]
  } finally {
    redis.disconnect()
  }
}

export async function examineModels({ ai }: Pick<Config, 'ai'>, { log }: { log: Log }): Promise<Finding[]> {
  const directory = createDirectory(ai, log)
  if (directory.isEmpty) return []
  const { providers, models } = await directory.list()
  const said = providers.map(({ name, healthy }) => {
    const of = models.filter(({ provider }) => provider === name)
    if (!healthy) {
      const address = ai[name]?.url
      const mend = `Check the address${name === 'openai' ? ' and OPENAI_API_KEY' : ''}, and whether it runs.`
      return fail('models', `${name} does not answer at ${address}.`, mend)
    }
    const missing = of.filter(({ available }) => available === false).map((one) => one.name)
    if (missing.length > 0)
      return warn('models', `${name} does not have ${missing.join(', ')}.`, 'Load it there, or do not name it.')
    return ok('models', `${name} answers, with ${of.length} ${of.length === 1 ? 'model' : 'models'}.`)
  })
  const { defaultModel } = ai
  if (defaultModel === undefined || providers.some(({ healthy }) => !healthy) || (await directory.find(defaultModel)))
    return said
  return [...said, fail('models', `Nobody has ${defaultModel}, the default.`, 'Load it, or name another.')]
}
