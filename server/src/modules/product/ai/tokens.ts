// How many tokens a text may be, without the model's own tokenizer: about so many before it is sent, at least so many as it comes.

const ASCII = /[\x00-\x7f]/g

function lengths(text: string): [ascii: number, others: number] {
  const ascii = text.match(ASCII)?.length ?? 0
  return [ascii, text.length - ascii]
}

/** The beginning of a text, with no half of a character at its end: neither the database nor a provider takes one. */
export function excerptOf(text: string, length: number): string {
  return /[\ud800-\udbff]$/.test(text.slice(0, length)) ? text.slice(0, length - 1) : text.slice(0, length)
}

/** An estimate that is rather too high than too low: four letters of Latin script to a token, three characters of others to two. */
export function tokensAbout(text: string): number {
  const [ascii, others] = lengths(text)
  return Math.ceil(ascii / 4 + others / 1.5)
}

/** A bound from below, for texts that arrive in larger pieces than tokens. */
export function tokensAtLeast(text: string): number {
  const [ascii, others] = lengths(text)
  return Math.max(1, Math.floor(ascii / 6 + others / 3))
}
