// Security headers of every answer, and the policies of the documentation pages.

export interface HeaderOptions {
  csp: 'strict' | 'relaxed' | 'disabled'
  /** HTTP Strict Transport Security, for production behind TLS. */
  hsts: boolean
}

const STRICT = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
const RELAXED =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'self'; base-uri 'self'"

/** What the Swagger UI and ReDoc pages need: their own files, inline styles, a worker for the search. */
export const DOCUMENT_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'"

/** The headers that every answer carries, errors included. */
export function securityHeaders({ csp, hsts }: HeaderOptions): Record<string, string> {
  return {
    ...(csp !== 'disabled' && { 'content-security-policy': csp === 'strict' ? STRICT : RELAXED }),
    ...(hsts && { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }),
    'x-content-type-options': 'nosniff',
    'x-frame-options': csp === 'relaxed' ? 'SAMEORIGIN' : 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    'x-permitted-cross-domain-policies': 'none',
  }
}
