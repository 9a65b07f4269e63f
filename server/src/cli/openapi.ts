// `ashlar openapi`: writes the documents that are made from the routes, or checks that they are up to date.
import { readFile, writeFile } from 'node:fs/promises'
import { createModules, type Drivers } from '../app.ts'
import { ensureSecrets, loadConfig } from '../config.ts'
import { errorCatalogue } from '../core/errors.ts'
import { mainDocument } from '../drivers/http/index.ts'
import { statusOf } from '../drivers/http/problems.ts'
import { noMetrics } from '../drivers/telemetry/index.ts'
import { readArguments, UsageError } from './arguments.ts'
import { VERSION } from './runtime.ts'

export async function openapi(args: string[]): Promise<void> {
  const { values } = readArguments(args, { check: { type: 'boolean', default: false } })
  const documents: [URL, string][] = [
    [
      new URL('../../openapi.json', import.meta.url),
      `${JSON.stringify(mainDocument(declaredRoutes(), VERSION), null, 2)}\n`,
    ],
    [new URL('../../../docs/reference/errors.md', import.meta.url), errorsPage()],
  ]
  for (const [file, text] of documents) {
    if (!values.check) await writeFile(file, text)
    else if ((await readFile(file, 'utf8').catch(() => '')) !== text)
      throw new UsageError(`${file.pathname.split('/').at(-1)} is not up to date: run \`npm run ashlar openapi\`.`)
  }
}

/** The routes do not depend on settings or drivers: the modules are built over none. */
function declaredRoutes() {
  const config = ensureSecrets(
    loadConfig(
      {
        ENVIRONMENT: 'test',
        JWT_SECRET: 'only-the-declarations-of-the-routes-are-read-here',
        DATA_ENCRYPTION_KEY: Buffer.alloc(32, 'ashlar').toString('base64'),
      },
      { dotenvPath: false },
    ),
  )
  const silent = new Proxy({}, { get: () => () => undefined })
  return createModules(
    config,
    {
      database: silent,
      bus: silent,
      jobs: silent,
      mailer: undefined,
      limits: silent,
      clock: silent,
      log: silent,
      metrics: noMetrics,
      tracing: undefined,
    } as unknown as Drivers,
    VERSION,
  ).routes
}

function errorsPage(): string {
  const rows = errorCatalogue().map(({ code, kind, message }) => `| \`${code}\` | ${statusOf(kind)} | ${message} |`)
  return `# Error codes\n\nEvery error answer carries one of these codes. Written by \`npm run ashlar openapi\`.\n\n| code | status | meaning |\n|---|---|---|\n${rows.join('\n')}\n`
}
