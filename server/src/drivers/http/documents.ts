// The documentation pages: Swagger UI, ReDoc and the OpenAPI documents, all from files of this installation.
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { FastifyInstance } from 'fastify'
import { errorCatalogue } from '../../core/errors.ts'
import { DOCUMENT_POLICY } from './headers.ts'
import { halolightDocument, mainDocument } from './openapi.ts'
import { statusOf } from './problems.ts'
import type { Route } from './routes.ts'

const resolve = createRequire(import.meta.url).resolve

const ASSETS: Record<string, { file: string; type: string }> = {
  'swagger-ui.css': { file: 'swagger-ui-dist/swagger-ui.css', type: 'text/css; charset=utf-8' },
  'swagger-ui-bundle.js': { file: 'swagger-ui-dist/swagger-ui-bundle.js', type: 'text/javascript; charset=utf-8' },
  'redoc.standalone.js': { file: 'redoc/bundles/redoc.standalone.js', type: 'text/javascript; charset=utf-8' },
}

const SWAGGER_START = `SwaggerUIBundle({ url: document.body.dataset.spec, dom_id: '#page', deepLinking: true, persistAuthorization: false, tryItOutEnabled: true, validatorUrl: null })`
const REDOC_START = `Redoc.init(document.body.dataset.spec, { hideDownloadButton: false, nativeScrollbars: true }, document.getElementById('page'))`

/** Serves /docs, /redoc and /openapi.json, also under the bases that their documents name. */
export function serveDocuments(app: FastifyInstance, routes: readonly Route[], version: string): void {
  const open = { config: { open: 'documentation of a public API' } }
  // Written when somebody reads them: they are large, and a start should not wait for them.
  const main = once(() => JSON.stringify(mainDocument(routes, version)))
  const halolight = once(() => JSON.stringify(halolightDocument(routes, version)))
  const specifications: [string, () => string][] = [
    ['/openapi.json', main],
    ['/api/v1/openapi.json', main],
    ['/api/openapi.json', halolight],
  ]
  for (const [path, body] of specifications)
    app.get(path, open, async (_request, reply) => reply.type('application/json; charset=utf-8').send(body()))

  const page = (path: string, html: string) =>
    app.get(path, open, async (_request, reply) =>
      reply.header('content-security-policy', DOCUMENT_POLICY).type('text/html; charset=utf-8').send(html),
    )
  for (const [base, specification] of [
    ['', '/openapi.json'],
    ['/api', '/api/openapi.json'],
    ['/api/v1', '/api/v1/openapi.json'],
  ] as const) {
    page(`${base}/docs`, swaggerPage(specification))
    page(`${base}/redoc`, redocPage(specification))
  }
  page('/docs/errors', errorsPage())

  for (const [name, { file, type }] of Object.entries(ASSETS)) {
    app.get(`/docs/assets/${name}`, open, async (_request, reply) =>
      reply
        .header('cache-control', 'public, max-age=86400')
        .type(type)
        .send(await readFile(resolve(file))),
    )
  }
  const script = (name: string, text: string) =>
    app.get(`/docs/assets/${name}`, open, async (_request, reply) =>
      reply.type('text/javascript; charset=utf-8').send(text),
    )
  script('swagger.js', SWAGGER_START)
  script('redoc.js', REDOC_START)
}

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

const head = (title: string) =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title><link rel="icon" href="data:,">`

function swaggerPage(specification: string): string {
  return `${head('Ashlar API')}<link rel="stylesheet" href="/docs/assets/swagger-ui.css"></head><body data-spec="${specification}"><div id="page"></div><script src="/docs/assets/swagger-ui-bundle.js"></script><script src="/docs/assets/swagger.js"></script></body></html>`
}

function redocPage(specification: string): string {
  return `${head('Ashlar API reference')}<style>body{margin:0}</style></head><body data-spec="${specification}"><div id="page"></div><script src="/docs/assets/redoc.standalone.js"></script><script src="/docs/assets/redoc.js"></script></body></html>`
}

function errorsPage(): string {
  const rows = errorCatalogue()
    .map(
      ({ code, kind, message }) =>
        `<tr id="${code}"><td><code>${code}</code></td><td>${statusOf(kind)}</td><td>${message}</td></tr>`,
    )
    .join('')
  return `${head('Ashlar API errors')}<style>body{font:16px/1.5 system-ui;margin:2rem auto;max-width:60rem;padding:0 1rem}table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ddd;padding:.4rem .6rem;text-align:left;vertical-align:top}:target{background:#fff3c4}</style></head><body><h1>Error codes</h1><table><thead><tr><th>Code</th><th>Status</th><th>Meaning</th></tr></thead><tbody>${rows}</tbody></table></body></html>`
}
