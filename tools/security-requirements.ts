// What Ashlar promises about security, one line each. A test carries the id in its title, or the line says why none does.

export interface Requirement {
  id: string
  promise: string
  /** Why no test carries the id. */
  untested?: string
}

const promises: [string, string, string?][] = [
  ['AUTH-1', 'A route is closed unless it declares why it is open; one that declares nothing stops the start.'],
  ['AUTH-2', 'Signing in, registering and asking for links tell nobody, by answer or by time, which accounts exist.'],
  [
    'AUTH-3',
    'Wrong secrets are counted exactly per account, over all processes, wherever a secret is checked; a lock ends by itself.',
  ],
  [
    'AUTH-4',
    'No default account, password or secret exists; production refuses to start with a missing, short or known one.',
  ],
  ['AUTH-5', 'Sensitive changes need a recent proof of a secret.'],
  ['SESS-1', 'Sessions have an idle and an absolute limit, which hold at each access and at each refresh.'],
  ['SESS-2', 'Ending a session, suspending, removing and changing rights hold at the next request, on every process.'],
  [
    'SESS-3',
    'New passwords and second factors end other sessions; people see and end theirs; the oldest gives way to a twenty-first.',
  ],
  [
    'SESS-4',
    'Cookies that carry tokens are bound to the host and to the site.',
    'Ashlar sets and reads no cookies: tokens travel in headers and bodies.',
  ],
  ['TOK-1', 'One algorithm for each key; unsigned, confused and loosely encoded tokens are refused.'],
  ['TOK-2', 'Each kind of token is taken where it belongs and nowhere else; every claim is checked.'],
  ['TOK-3', 'A refresh token works once; using it again after the grace time ends the session.'],
  ['TOK-4', 'Parallel refreshes make one successor, and a lost answer can be asked for again.'],
  [
    'TOK-5',
    'Secrets are random, kept as hashes, never in a URL of the API; personal access tokens hold at most what their owner holds now.',
  ],
  ['TOK-6', 'Signing keys change without signing anybody out.'],
  ['MFA-1', 'A code of an authenticator works once, within one step of the server’s clock.'],
  ['MFA-2', 'Wrong codes are counted per person over all sessions, apart from passwords; the person is told.'],
  ['MFA-3', 'The password alone opens only the second step; no other way skips it.'],
  [
    'MFA-4',
    'Ten recovery codes, each once, kept as hashes; seeds are encrypted and shown once. Passkeys are not there yet.',
  ],
  ['PWD-1', 'Passwords have a length and no recipe; known ones and one’s own words are refused, without a network.'],
  ['PWD-2', 'Passwords are hashed by Argon2id, few at a time, and upgraded at sign-in.'],
  [
    'PWD-3',
    'Links for new passwords work once and briefly, end with the next one, and lead where the configuration says.',
  ],
  ['RBAC-1', 'What each role may do on each route equals the written matrix.'],
  ['RBAC-2', 'Wildcards match whole words of what is granted; nobody reaches an account above them.'],
  ['RBAC-3', 'Nobody grants what they lack, raises themselves, or takes the last owner from a tenant.'],
  ['RBAC-4', 'Changed rights hold at once; fields that belong to the server can be neither sent nor seen.'],
  ['TEN-1', 'Row-level security is forced on every table of tenants.'],
  ['TEN-2', 'The application’s role owns nothing and cannot step around it.'],
  ['TEN-3', 'A connection never carries one tenant’s setting into another’s statement, whatever fails on it.'],
  ['TEN-4', 'Keys do not reach across tenants.'],
  ['TEN-5', 'The id of another tenant is answered as an id of nothing.'],
  ['TEN-6', 'A request chooses among memberships, by whatever it names a tenant.'],
  ['TEN-7', 'Caches, counters, jobs, replays and messages between processes keep tenants apart.'],
  [
    'TEN-8',
    'Row-level security makes no statement look at other tenants’ rows.',
    'measured: docs/reference/benchmarks.md has a large tenant among ten thousand beside a small one among ten.',
  ],
  ['TEN-9', 'A tenant that is removed leaves no row and no job.'],
  ['RATE-1', 'Requests are counted by kind, account and network, over all processes.'],
  ['RATE-2', 'The client’s address comes from trusted proxies only.'],
  ['RATE-3', 'Without Redis nothing hangs and nothing goes uncounted.'],
  [
    'RATE-4',
    'One tenant cannot starve another.',
    'not promised: requests are counted by account and by network, and not by tenant.',
  ],
  ['MAIL-1', 'A mail goes to the addresses that it names: nothing that anybody writes adds one, or a header.'],
  [
    'MAIL-2',
    'Mail is written with what causes it and sent by a job: none is lost, and nobody waits for the mail server.',
  ],
  ['HDR-1', 'Every answer carries the security headers.'],
  ['HDR-2', 'Other origins are named one by one, or refused.'],
  ['HDR-3', 'Failures tell a request id and nothing of the inside.'],
  ['LOG-1', 'Sign-ins, refusals, limits and administration are logged, one line each.'],
  ['LOG-2', 'Secrets reach no log, no audit entry and no error.'],
  ['LOG-3', 'Audit entries commit with what they tell, are only ever added, and are chained.'],
]

export const requirements: readonly Requirement[] = promises.map(([id, promise, untested]) => ({
  id,
  promise,
  ...(untested !== undefined && { untested }),
}))
