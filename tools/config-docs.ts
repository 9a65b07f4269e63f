// Writes .env.example and docs/reference/configuration.md from the table of settings; with --check, says whether they are current.
import type { Setting } from '../server/src/config/kinds.ts'
import { entries, ignored, type table, titles } from '../server/src/config/table.ts'
import { runGenerator } from './generated.ts'

const AREAS = Object.keys(titles) as (keyof typeof table)[]

/** The text of .env.example: every setting, commented out, with its default. */
export function envExample(): string {
  const lines = [
    '# Settings of Ashlar. Written by `node tools/config-docs.ts` from server/src/config/table.ts: do not edit.',
    '# Copy to .env and take the # away where a value differs. The environment wins over this file.',
    '# Quote values that hold a #. The page docs/reference/configuration.md says more.',
  ]
  for (const area of AREAS) {
    lines.push('', `# ${titles[area]}`, '')
    for (const setting of settingsOf(area)) {
      lines.push(`# ${setting.about} Takes ${setting.allowed}.`)
      lines.push(isComputed(setting) ? `#${setting.name}=` : `#${setting.name}=${setting.shown}`)
    }
  }
  return `${lines.join('\n')}\n`
}

/** The reference page. */
export function configurationPage(): string {
  const lines = [
    '# Configuration',
    '',
    '<!-- Written by `node tools/config-docs.ts` from server/src/config/table.ts: do not edit. -->',
    '',
    'Ashlar reads its settings once, at start, from the environment and from a `.env` file in the working folder; the environment wins.',
    'Every fault is named at once, and a secret is never printed. `ashlar doctor --settings` shows what is in force.',
    '',
    '- A setting may stand under its other names too. Two names with two values are a fault.',
    '- A secret may be read from a file: `JWT_SECRET_FILE=/run/secrets/jwt`. That goes for every setting marked *secret*.',
    '- Empty text counts as not set.',
    '- Lists are separated by commas or written as a JSON array. 1 kB is 1024 bytes.',
    '- Redis is optional. When it is set and cannot be reached, at start or later, the server goes on with PostgreSQL and says so in the log.',
    '',
    '## Production',
    '',
    'With `ENVIRONMENT=production` or `staging` the server refuses to start with',
    '',
    '- a `JWT_SECRET` that is missing, shorter than 32 characters or a known example; the same goes, where they are set, for `REFRESH_TOKEN_SECRET`,',
    '  `JWT_PREVIOUS_SECRETS`, `ADMIN_BOOTSTRAP_TOKEN` and `METRICS_TOKEN`; and `RS256` or `EdDSA` without `JWT_PRIVATE_KEY`;',
    '- an `ADMIN_PASSWORD` that is common or shorter than 12 characters;',
    '- `CORS_ORIGINS=*`, `CSP_MODE=disabled`, `RATE_LIMIT_ENABLED=false`;',
    '- a `PUBLIC_URL` that is missing or not https (http is accepted on this machine); a `FRONTEND_URL` that is not https;',
    '- no `SMTP_HOST`, unless `MAIL_OUTBOX=true` says that mail is kept unsent; `SMTP_PASSWORD` without TLS;',
    '- password hashes cheaper than the OWASP minimum, and a `DATA_ENCRYPTION_KEY` that is not random.',
    '',
    '`TRUST_PROXY=true` is refused everywhere. In development, secrets that are missing are made on first start and kept in `DATA_DIR/secrets`.',
    '',
    '## Changing secrets',
    '',
    '- `JWT_SECRET`: put the old value into `JWT_PREVIOUS_SECRETS`, and tokens that it signed stay valid until they expire. What is derived from it changes',
    '  too: without a `REFRESH_TOKEN_SECRET` of its own every session ends.',
    '  The password of the role that the server works as is kept, sealed, with the role itself, and stays.',
    '- On several nodes one after the other, first put the new value into `JWT_PREVIOUS_SECRETS` on all of them, then exchange the two: until then a node',
    '  that has only the old one refuses what another signs with the new one.',
    '- `JWT_PRIVATE_KEY`: put the old value into `JWT_PREVIOUS_PRIVATE_KEYS`; both public keys are then published.',
    '- `DATA_ENCRYPTION_KEY`: put the old value into `DATA_ENCRYPTION_PREVIOUS_KEYS`. In production it may be left out: the key is then derived from',
    '  `JWT_SECRET`, and data stays readable as long as that secret is set or listed in `JWT_PREVIOUS_SECRETS`.',
  ]
  for (const area of AREAS) {
    lines.push('', `## ${titles[area]}`, '', '| variable | meaning | takes | default |', '|---|---|---|---|')
    lines.push(...settingsOf(area).map(row))
  }
  lines.push('', '## Known and without effect', '')
  lines.push(...Object.entries(ignored).map(([name, said]) => `- \`${name}\` ${said}.`))
  return `${lines.join('\n')}\n`
}

function row(setting: Setting<unknown>): string {
  const names = [`\`${setting.name}\``, ...setting.aliases.map((alias) => `also \`${alias}\``)].join('<br>')
  const meaning = setting.secret ? `${setting.about} *Secret.*` : setting.about
  return `| ${[names, meaning, setting.allowed, defaultOf(setting)].map(escapeCell).join(' | ')} |`
}

function defaultOf(setting: Setting<unknown>): string {
  const general = setting.shown === '' ? '–' : isComputed(setting) ? setting.shown : `\`${setting.shown}\``
  const exceptions = Object.entries(setting.fallbackIn).map(([where, value]) => `in ${where} ${written(value)}`)
  return [general, ...exceptions].join('; ')
}

function written(value: unknown): string {
  return `\`${Array.isArray(value) ? value.join(',') : String(value)}\``
}

/** Whether the default is words about what happens at start, and not a value to copy. */
function isComputed(setting: Setting<unknown>): boolean {
  return setting.fallback === undefined
}

function escapeCell(text: string): string {
  return text
    .replaceAll('|', '\\|')
    .replaceAll('<DATA_DIR>', '`DATA_DIR`')
    .replaceAll('<PUBLIC_URL>', '`PUBLIC_URL`')
    .replaceAll('<PROJECT_NAME>', '`PROJECT_NAME`')
    .replaceAll('<PORT>', '`PORT`')
}

function settingsOf(area: string): Setting<unknown>[] {
  return entries()
    .filter((entry) => entry.area === area)
    .map((entry) => entry.setting)
}

if (import.meta.main) {
  runGenerator({ '.env.example': envExample(), 'docs/reference/configuration.md': configurationPage() })
}
