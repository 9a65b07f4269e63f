// The only reader of the environment: reads every setting once, at start, and refuses what is unsafe.
import { derive, type Raw, type Settings } from './config/derive.ts'
import { Faults } from './config/faults.ts'
import { Unreadable } from './config/formats.ts'
import type { Environment, Setting } from './config/kinds.ts'
import { checkProduction, checkTogether, warnings } from './config/rules.ts'
import { find, type Layers, notices, readLayers, type Variables } from './config/source.ts'
import { entries, mapTable, table } from './config/table.ts'

export type { Settings } from './config/derive.ts'
export { ConfigurationError, type Fault } from './config/faults.ts'
export type { Environment, Rate } from './config/kinds.ts'
export { type Config, ensureSecrets } from './config/secrets.ts'

export interface LoadOptions {
  /** The file that completes the environment; `.env` in the working folder unless said otherwise, false for none. */
  dotenvPath?: string | false
  /** Whether a person reads the standard output. */
  terminal?: boolean
}

/**
 * Reads the configuration. Secrets that development makes on first start are still missing: `ensureSecrets` completes them.
 * @throws ConfigurationError that names every fault at once, and no secret's value.
 */
export function loadConfig(env: Variables = process.env, options: LoadOptions = {}): Settings {
  const { dotenvPath = '.env', terminal = process.stdout.isTTY === true } = options
  const layers = readLayers(env, dotenvPath === false ? undefined : dotenvPath)
  const faults = new Faults()
  const environment = readSetting(table.app.environment, 'development', layers, faults)
  const read = (setting: Setting<unknown>) => readSetting(setting, environment, layers, faults)
  const raw = mapTable(table, read) as unknown as Raw
  const settings = derive(raw, terminal, notices(layers))
  checkTogether(settings, raw, faults)
  if (settings.app.strict) checkProduction(settings, raw, faults)
  else settings.notices.push(...warnings(settings))
  faults.throwIfAny()
  return deepFreeze(settings)
}

/** Each variable with its value as text, secrets as `(set)`: for `ashlar doctor`. Unset ones are left out. */
export function describeConfig(settings: object): Record<string, string> {
  const described: Record<string, string> = {}
  for (const { path, setting, area } of entries()) {
    const value = area === 'parts' ? undefined : at(settings, path)
    if (value !== undefined)
      described[setting.name] = setting.secret ? '(set)' : typeof value === 'string' ? value : JSON.stringify(value)
  }
  return described
}

function readSetting<T>(setting: Setting<T>, environment: Environment, layers: Layers, faults: Faults): T {
  const fallback = setting.fallbackIn[environment] ?? setting.fallback
  const found = find(setting, layers, faults)
  if (!found) return fallback
  try {
    return setting.parse(found.text)
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    faults.add(found.name, setting.quotable ? `${error.message}, not "${found.text.slice(0, 40)}"` : error.message)
    return fallback
  }
}

function at(node: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], node)
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) deepFreeze(inner)
  return Object.freeze(value)
}
