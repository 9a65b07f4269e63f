// Mail domains: how a tenant names them, and whose domain an address has.
import { domainToASCII } from 'node:url'

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** A domain name as it is kept: lower case, IDN in ASCII (RFC 5891); undefined for anything else, patterns and addresses included. */
export function readDomain(sent: string): string | undefined {
  const domain = domainToASCII(sent.trim().toLowerCase())
  const labels = domain.split('.')
  const top = labels.at(-1) ?? ''
  const isName = domain.length <= 253 && labels.length >= 2 && labels.every((label) => LABEL.test(label))
  return isName && !/^\d+$/.test(top) ? domain : undefined
}

/** The domain of an address, in the form in which domains are kept. */
export function domainOf(address: string): string {
  return domainToASCII(
    address
      .slice(address.lastIndexOf('@') + 1)
      .trim()
      .toLowerCase(),
  )
}
