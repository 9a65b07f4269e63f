// Client addresses as limiter keys: an IPv4 address, or the /64 network of an IPv6 one (a host owns all of it).
import { isIPv6 } from 'node:net'

/** `203.0.113.7` as it is, `::ffff:203.0.113.7` as IPv4, `2001:db8:1:2:3::4` as `2001:db8:1:2::/64`. */
export function networkOf(ip: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1]
  if (mapped) return mapped
  if (!isIPv6(ip)) return ip
  // The URL parser writes an IPv6 address in one canonical form.
  const canonical = new URL(`http://[${ip.split('%')[0]}]`).hostname.slice(1, -1)
  const [head = '', tail] = canonical.split('::')
  const left = head ? head.split(':') : []
  const right = tail ? tail.split(':') : []
  const groups = tail === undefined ? left : [...left, ...Array(8 - left.length - right.length).fill('0'), ...right]
  return `${groups.slice(0, 4).join(':')}::/64`
}
