// Where the text of a setting comes from: the environment, then .env; the canonical name, then its other names.
import { existsSync, readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import type { Faults } from './faults.ts'
import type { Setting } from './kinds.ts'
import { entries, ignored } from './table.ts'

export type Variables = Record<string, string | undefined>

/** The environment first, then what .env says: a setting that the first one has is not looked up in the second. */
export type Layers = readonly Variables[]

export interface Found {
  name: string
  text: string
}

/** The environment and, where the file exists, what it holds. */
export function readLayers(env: Variables, dotenvPath: string | undefined): Layers {
  if (dotenvPath === undefined || !existsSync(dotenvPath)) return [env]
  return [env, parseEnv(readFileSync(dotenvPath, 'utf8'))]
}

/** The text of a setting, or undefined; empty text counts as not set. Two names with two values are a fault. */
export function find(setting: Setting<unknown>, layers: Layers, faults: Faults): Found | undefined {
  for (const layer of layers) {
    const found = namesOf(setting).flatMap((name) => read(name, setting, layer, faults))
    const [first] = found
    if (!first) continue
    const other = found.find((one) => differs(setting, first, one))
    if (other) faults.add(first.name, `and ${other.name} name the same setting and differ: keep one of them`)
    return first
  }
  return undefined
}

function read(name: string, setting: Setting<unknown>, layer: Variables, faults: Faults): Found[] {
  const text = layer[name]?.trim()
  const found = text ? [{ name, text }] : []
  const path = setting.secret ? layer[`${name}_FILE`]?.trim() : undefined
  if (!path) return found
  try {
    return [...found, { name: `${name}_FILE`, text: readFileSync(path, 'utf8').trim() }]
  } catch {
    faults.add(`${name}_FILE`, 'names a file that cannot be read')
    return found
  }
}

/** `true` and `yes` are one value; and NODE_ENV, which libraries read, knows no staging. */
function differs(setting: Setting<unknown>, first: Found, other: Found): boolean {
  if (other.name === 'NODE_ENV' && first.text === 'staging' && other.text === 'production') return false
  const value = ({ text }: Found): string => {
    try {
      return JSON.stringify(setting.parse(text))
    } catch {
      return text
    }
  }
  return first.text !== other.text && value(first) !== value(other)
}

function namesOf(setting: Setting<unknown>): string[] {
  return [setting.name, ...setting.aliases]
}

/** Variables that are set and have no effect, each with a sentence: other systems' names, and what looks like a slip. */
export function notices([env = {}, dotenv = {}]: Layers): string[] {
  const known = new Set(
    entries().flatMap(({ setting }) =>
      namesOf(setting).flatMap((name) => (setting.secret ? [name, `${name}_FILE`] : [name])),
    ),
  )
  const said: string[] = []
  for (const name of new Set([...Object.keys(dotenv), ...Object.keys(env)])) {
    if (known.has(name)) continue
    const inFile = name in dotenv
    if (ignored[name]) said.push(`${name} ${ignored[name]}.`)
    else {
      const meant = [...known].find((one) => isSlip(name, one))
      if (meant) said.push(`${name} is not a setting of Ashlar: is ${meant} meant?`)
      else if (inFile) said.push(`${name} is not a setting of Ashlar.`)
    }
  }
  return said
}

/** At most two letters apart, and long enough for that to mean something. */
function isSlip(name: string, known: string): boolean {
  if (name.length < 8 || !name.includes('_') || Math.abs(name.length - known.length) > 2) return false
  return distance(name.toUpperCase(), known) <= 2
}

/** The Levenshtein distance of two words. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
