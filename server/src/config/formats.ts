// How single values are written: what each reader accepts, and what it says when it refuses.
import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'

/** The text is not what the setting takes. The message says what is, and never quotes the text. */
export class Unreadable extends Error {}

/** Docker's --env-file hands `value  # comment` over whole. */
export function uncommented(given: string): string {
  return given.replace(/\s+#.*$/, '').trim()
}

/** The items of a list: separated by commas, or a JSON array of strings. */
export function listItems(given: string): string[] {
  if (!given.startsWith('['))
    return given
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean)
  try {
    const items: unknown = JSON.parse(uncommented(given))
    if (Array.isArray(items) && items.every((item) => typeof item === 'string'))
      return items.map((item) => item.trim()).filter(Boolean)
  } catch {
    // Said below, without the text.
  }
  throw new Unreadable('must be a JSON array of strings when it starts with [')
}

export function readBoolean(given: string): boolean {
  const word = uncommented(given).toLowerCase()
  if (['true', '1', 'yes', 'on'].includes(word)) return true
  if (['false', '0', 'no', 'off'].includes(word)) return false
  throw new Unreadable('must be true or false')
}

/** An absolute http or https address without credentials, query and trailing slash. */
export function readHttpUrl(given: string): string {
  const url = URL.parse(uncommented(given))
  const plain = url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search && !url.hash
  if (!url || !plain) throw new Unreadable('must be an http or https address without credentials, query or fragment')
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}

/** An origin as browsers send it (RFC 6454), or `*`. */
export function readOrigin(given: string): string {
  if (given === '*') return given
  const address = readHttpUrl(given)
  const { origin } = new URL(address)
  if (address !== origin || origin.includes('*'))
    throw new Unreadable('must list origins such as https://app.example.com, without paths or patterns')
  return origin
}

const PROXY_WORDS = ['loopback', 'linklocal', 'uniquelocal']

/** An IP address, a network in CIDR notation, or a word for a private network; never everybody. */
export function readNetwork(given: string): string {
  if (PROXY_WORDS.includes(given)) return given
  const [address = '', bits, ...rest] = given.split('/')
  const version = isIP(address)
  const most = version === 4 ? 32 : 128
  const sized = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= most)
  if (version === 0 || rest.length > 0 || !sized) {
    throw new Unreadable(
      `must list addresses or networks such as 10.0.0.0/8, or ${PROXY_WORDS.join(', ')}; trusting everybody is refused`,
    )
  }
  return given
}

export function readEmail(given: string): string {
  if (!/^[^\s@<>(),;:"\\]{1,64}@[^\s@<>(),;:"\\]{1,190}$/.test(given)) throw new Unreadable('must be an e-mail address')
  return given
}

export function readHostname(given: string): string {
  const text = uncommented(given).toLowerCase().replace(/\.$/, '')
  const name = /^[\x20-\x7e]*$/.test(text) ? text : domainToASCII(text)
  if (name.length > 253 || !/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/.test(name)) {
    throw new Unreadable('must be a host name such as example.com, without scheme and port')
  }
  return name
}

const POSTGRES_SCHEME = /^(?:postgres|postgresql)(?:\+[a-z0-9]+)?:\/\//

/** A PostgreSQL address; driver suffixes such as `+asyncpg` fall away, and its `ssl=` becomes `sslmode=`. */
export function readPostgresUrl(given: string): string {
  if (!POSTGRES_SCHEME.test(given))
    throw new Unreadable('must be a postgresql:// address; Ashlar keeps its data in PostgreSQL')
  const url = URL.parse(given.replace(POSTGRES_SCHEME, 'postgresql://'))
  if (!url || url.pathname.length < 2)
    throw new Unreadable('must be postgresql://user:password@host:port/database, special characters percent-encoded')
  const schema = url.searchParams.get('schema')
  if (schema !== null && schema !== 'public') throw new Unreadable('must name no other schema than public')
  const ssl = url.searchParams.get('ssl')
  if (ssl !== null && given.includes('+asyncpg://')) {
    url.searchParams.delete('ssl')
    url.searchParams.set('sslmode', ssl === 'true' ? 'require' : ssl)
  }
  return url.href
}

export function readRedisUrl(given: string): string {
  const url = URL.parse(given)
  if (!url || !/^rediss?:$/.test(url.protocol) || !url.hostname)
    throw new Unreadable('must be a redis:// or rediss:// address')
  return given
}

/** 32 bytes as 64 hexadecimal digits, or as base64 or base64url. */
export function readKey(given: string): string {
  const bytes = /^[0-9a-f]{64}$/i.test(given) ? Buffer.from(given, 'hex') : Buffer.from(given, 'base64')
  if (!/^[0-9a-z+/=_-]+$/i.test(given) || bytes.length !== 32) {
    throw new Unreadable('must be 32 random bytes in hexadecimal or base64, as `openssl rand -base64 32` prints them')
  }
  return bytes.toString('base64')
}

/** PEM text as it stands in one line of a .env file, its line breaks written as \n. */
export function readPem(given: string): string {
  const pem = given.replaceAll('\\n', '\n').trim()
  if (!/^-----BEGIN [A-Z ]+-----[\s\S]+-----END [A-Z ]+-----$/.test(pem))
    throw new Unreadable('must be a key in PEM form')
  return `${pem}\n`
}

/** One key or several, in PEM form. */
export function readPems(given: string): string[] {
  const blocks = given.match(/-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----/g)
  if (!blocks) throw new Unreadable('must be keys in PEM form')
  return blocks.map(readPem)
}
