// What mails say about links: where they lead, and for how long.

/** The address of a page of the front end with a secret for it; never made from anything in a request. */
export function linkTo({ frontendUrl }: { frontendUrl: string }, path: string, token: string): string {
  return `${frontendUrl.replace(/\/$/, '')}${path}?token=${encodeURIComponent(token)}`
}

/** Minutes, hours or days for the reader of a mail. */
export function spoken(seconds: number): string {
  const minutes = Math.round(seconds / 60)
  if (minutes < 120) return `${minutes} minutes`
  const hours = Math.round(minutes / 60)
  return hours < 72 ? `${hours} hours` : `${Math.round(hours / 24)} days`
}
