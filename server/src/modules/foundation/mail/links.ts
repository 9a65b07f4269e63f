// Where the links in mails lead.

/** The address of a page of the front end with a secret for it; never made from anything in a request. */
export function linkTo({ frontendUrl }: { frontendUrl: string }, path: string, token: string): string {
  return `${frontendUrl.replace(/\/$/, '')}${path}?token=${encodeURIComponent(token)}`
}
