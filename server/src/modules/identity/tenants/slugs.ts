// Slugs: a tenant's name in addresses, and its subdomain. One DNS label (RFC 1035, 2.3.1) that no id looks like.

export const SLUG_PATTERN = '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])$'

const RESERVED = new Set(
  `admin admins api app apps assets auth autoconfig autodiscover billing blog cdn console dashboard default demo dev docs
   email files ftp health help imap internal localhost login logout mail me metrics mta-sts mx new ns ns1 ns2 null
   organizations pop pop3 postmaster public redoc register root search settings signup smtp sso staging static status
   subdomain-available support system tenant tenants test undefined uploads user users webmail webhooks well-known www`
    .split(/\s+/)
    .filter(Boolean),
)

const ID = /^c[0-9a-z]{24}$/

export function isWellFormed(slug: string): boolean {
  return new RegExp(SLUG_PATTERN).test(slug)
}

/** Words of our own addresses and mail hosts, punycode (it can look like another name), and everything that could be an id. */
export function isReserved(slug: string): boolean {
  return RESERVED.has(slug) || slug.slice(2, 4) === '--' || ID.test(slug)
}

/** Slugs for a name, the best first: `Blue Quarry` gives blue-quarry, blue-quarry-2, … and at last one with the given random end. */
export function slugsFor(name: string, random: string): string[] {
  const stem = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '')
  const first = stem || 'team'
  const wishes = [first, ...[2, 3, 4].map((number) => `${first}-${number}`), `${first}-${random}`]
  return wishes.filter((slug) => isWellFormed(slug) && !isReserved(slug))
}
