// What the product wrote to people: tests read it where it is kept.
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestApp } from './harness.ts'

export interface SentMail {
  template: string
  text: string
}

/** What was written to an address, oldest first. */
export function mailsTo(ashlar: TestApp, address: string): Promise<SentMail[]> {
  return ashlar.rows<SentMail>('SELECT template, text FROM mails WHERE $1 = ANY(recipients) ORDER BY "createdAt", id', [
    address,
  ])
}

/** The first mail of the template to the address, once it is there. */
export async function waitForMail(ashlar: TestApp, address: string, template: string): Promise<SentMail> {
  for (let tries = 0; tries < 200; tries++, await sleep(50)) {
    const found = (await mailsTo(ashlar, address)).find((mail) => mail.template === template)
    if (found) return found
  }
  throw new Error(`no ${template} came to ${address}`)
}

/** The secret of the link in a mail. */
export function tokenIn(mail: SentMail): string {
  return /token=([\w-]+)/.exec(mail.text)![1]!
}
