// Where connections to a storage service may lead: an endpoint that a tenant names must not reach the inside of our network.
import { type LookupAddress, type LookupOptions, lookup } from 'node:dns'
import http from 'node:http'
import https from 'node:https'
import { BlockList, isIP, isIPv6, type NetConnectOpts } from 'node:net'
import type { Duplex } from 'node:stream'

/** An address such as `https://s3.example.com`. */
export type Endpoint = string

export interface AgentRules {
  /** Whether addresses of this machine and of private networks may be reached. */
  allowPrivate: boolean
}

/** Networks that are not the public Internet (the special-purpose registries of RFC 6890), those of cloud metadata among them. */
const INSIDE = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  // The public address of Azure that answers for the machine itself.
  ['168.63.129.16', 32],
] as const)
  INSIDE.addSubnet(network, prefix, 'ipv4')

/** Of IPv6 only what is given out for the Internet is outside, without tunnels and translations to IPv4. */
const OUTSIDE = new BlockList()
OUTSIDE.addSubnet('2000::', 3, 'ipv6')
const TUNNELS = new BlockList()
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  TUNNELS.addSubnet(network, prefix, 'ipv6')

/** Whether the address belongs to the public Internet. */
export function isPublicAddress(address: string): boolean {
  const plain = address.replace(/^\[|\]$/g, '').split('%')[0]!
  if (!isIP(plain)) return false
  if (isIPv6(plain)) return OUTSIDE.check(plain, 'ipv6') && !TUNNELS.check(plain, 'ipv6')
  return !INSIDE.check(plain, 'ipv4')
}

/** A connection that the rules do not let through. */
export class EndpointRefused extends Error {
  constructor(host: string) {
    super(`${host} does not lead to the public Internet.`)
    this.name = 'EndpointRefused'
  }
}

/** The refusal that an error is or was caused by; undefined where it is none. */
export function refusalBehind(error: unknown): EndpointRefused | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if (at instanceof EndpointRefused) return at
    const several = (at as AggregateError).errors
    if (Array.isArray(several)) return several.map(refusalBehind).find(Boolean)
  }
  return undefined
}

type Callback = (error: Error | null, address: string | LookupAddress[], family?: number) => void

/** Looks a name up and hands on only addresses outside: what was looked at is what is connected to. */
function lookupOutside(host: string, options: LookupOptions, done: Callback): void {
  lookup(host, { ...options, all: true }, (error, found) => {
    if (error) return done(error, [])
    if (found.length === 0 || !found.every(({ address }) => isPublicAddress(address)))
      return done(new EndpointRefused(host), [])
    if (options.all) done(null, found)
    else done(null, found[0]!.address, found[0]!.family)
  })
}

export interface Agents {
  httpAgent: http.Agent
  httpsAgent: https.Agent
}

const MAX_SOCKETS = 32

/**
 * Agents for both schemes that look at every connection as it is made: redirects and changed names included. `readers` are for
 * contents on their way to somebody, who may be slow: nothing waits for one of those to end, and there are as many as the
 * server lets be read.
 */
export function createAgents(rules: AgentRules): Agents & { readers: Agents; destroy(): void } {
  const [others, readers] = [agents(rules, MAX_SOCKETS), agents(rules, Number.POSITIVE_INFINITY)]
  return {
    ...others,
    readers,
    destroy() {
      for (const { httpAgent, httpsAgent } of [others, readers]) {
        httpAgent.destroy()
        httpsAgent.destroy()
      }
    },
  }
}

function agents({ allowPrivate }: AgentRules, maxSockets: number): Agents {
  const settings = { keepAlive: true, maxSockets, timeout: 60_000 }
  const httpAgent = new http.Agent(settings)
  const httpsAgent = new https.Agent(settings)
  if (!allowPrivate) for (const agent of [httpAgent, httpsAgent]) bind(agent)
  return { httpAgent, httpsAgent }
}

function bind(agent: http.Agent): void {
  const connect = agent.createConnection.bind(agent) as (options: object, done?: unknown) => Duplex
  agent.createConnection = ((options: NetConnectOpts & { host?: string }, done?: unknown) => {
    const host = options.host ?? ''
    // An address is not looked up, and neither is a socket of this machine.
    if ('path' in options && options.path) throw new EndpointRefused('A socket')
    if (isIP(host) && !isPublicAddress(host)) throw new EndpointRefused(host)
    return connect({ ...options, lookup: lookupOutside }, done)
  }) as typeof agent.createConnection
}
