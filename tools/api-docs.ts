// Writes docs/reference/api.md and docs/reference/permissions.md from server/openapi.json and the catalogue; with --check, says whether they are current.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { covers } from '../server/src/core/permission.ts'
import { aliasesOf, CATALOGUE, DEFAULT_ROLES } from '../server/src/modules/identity/roles/catalogue.ts'
import { root, runGenerator } from './generated.ts'

const MAIN_BASE = '/api/v1'
const WRITTEN = '<!-- Written by `node tools/api-docs.ts` from server/openapi.json: do not edit. -->'

interface Operation {
  operationId: string
  tags: [string]
  summary: string
  description?: string
  'x-access': 'public' | 'session' | 'user' | 'admin' | 'permission'
  'x-permission'?: string
}

interface Row extends Operation {
  method: string
  path: string
}

interface OpenApi {
  paths: Record<string, Record<string, Operation>>
}

const WHO: Record<Exclude<Operation['x-access'], 'permission'>, string> = {
  public: 'anyone',
  session: 'anyone with a session',
  user: 'anyone signed in',
  admin: 'back office',
}

/** Every operation once: under the main base, or at the root where it is only there. */
function rowsOf({ paths }: OpenApi): Row[] {
  const rows = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
  )
  const onMain = new Set(rows.filter(({ path }) => path.startsWith(MAIN_BASE)).map(idOf))
  return rows.filter((row) => row.path.startsWith(MAIN_BASE) || !onMain.has(idOf(row)))
}

/** Other bases give their operations a suffix. */
function idOf({ operationId }: Row): string {
  return operationId.split('.').slice(0, 2).join('.')
}

/** The page of routes. */
export function apiPage(document: OpenApi): string {
  const groups = Object.entries(Object.groupBy(rowsOf(document), ({ tags: [tag] }) => tag)).sort(([a], [b]) =>
    a.localeCompare(b),
  )
  return `${[
    '# Routes',
    '',
    WRITTEN,
    '',
    'Every operation once, by module. Fields, examples, errors and the other bases stand in `/docs` and `/redoc` of a running server, and in `server/openapi.json`;',
    'the words of HaloLight’s front ends, under `/api`, in [its guide](../guide/halolight.md).',
    ...groups.flatMap(([tag, rows = []]) => [
      '',
      `## ${tag}`,
      '',
      '| route | what | for |',
      '|---|---|---|',
      ...rows.map((row) => `| \`${row.method} ${row.path}\` | ${row.summary} | ${whoOf(row)} |`),
    ]),
  ].join('\n')}\n`
}

function whoOf(row: Row): string {
  const access = row['x-access']
  if (access === 'permission') return `\`${row['x-permission']}\``
  const why = access === 'public' && /Open to anyone: (.*?)\.?$/m.exec(row.description ?? '')?.[1]
  return why ? `${WHO[access]}: ${why}` : WHO[access]
}

/** The page of permissions: who has each from the beginning, and what it opens. */
export function permissionsPage(document: OpenApi): string {
  const rows = rowsOf(document)
  const opened = (action: string) =>
    rows.filter((row) => row['x-permission'] === action).map(({ method, path }) => `\`${method} ${path}\``)
  const held = (action: string) =>
    DEFAULT_ROLES.filter(({ permissions }) => permissions.some((one) => covers(one, action))).map(({ name }) => name)
  return `${[
    '# Permissions',
    '',
    WRITTEN,
    '',
    'A permission is `resource:verb`. What is granted may hold a wildcard: `documents:*`, `*:view`, `*`. Roles hold permissions, and people have roles in a tenant; the',
    'roles named here are those that a tenant begins with. A tenant may add permissions of its own (`POST /api/v1/permissions`). A permission opens a route; which of the',
    'things behind it are open to somebody is decided for each thing, by ownership and shares ([content](../guide/content.md)). What opens no route decides inside of some, or is a',
    'word of HaloLight’s front ends.',
    '',
    '| permission | what | held by | opens |',
    '|---|---|---|---|',
    ...CATALOGUE.map(({ action, description }) => {
      const aliases = aliasesOf(action).map((alias) => `\`${alias}\``)
      const known = aliases.length ? ` Also known as ${aliases.join(', ')}.` : ''
      return `| \`${action}\` | ${description}.${known} | ${held(action).join(', ')} | ${opened(action).join('<br>') || '–'} |`
    }),
  ].join('\n')}\n`
}

if (import.meta.main) {
  const document = JSON.parse(readFileSync(resolve(root, 'server/openapi.json'), 'utf8')) as OpenApi
  runGenerator({
    'docs/reference/api.md': apiPage(document),
    'docs/reference/permissions.md': permissionsPage(document),
  })
}
