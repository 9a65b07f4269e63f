// To whom of an envelope the refusals of a mail server belong.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { NodemailerError } from 'nodemailer'
import { refusalsOf } from './smtp.ts'

const refused = (recipient: string, permanent = true) =>
  Object.assign(new Error('no'), { recipient, permanent, response: `550 ${recipient}` }) as NodemailerError
const told = (recipients: string[], envelope: string[]) =>
  refusalsOf(
    recipients.map((one) => refused(one)),
    envelope,
  ).map(({ address, permanent }) => [address, permanent])

describe('a refusal', () => {
  it('belongs to the address as the envelope has it, however its domain was written to the server', () => {
    assert.deepEqual(told(['Anna@example.com', 'c@1.0.0.2'], ['Anna@Example.COM', 'b@example.com', 'c@1.2']), [
      ['Anna@Example.COM', true],
      ['c@1.2', true],
    ])
    assert.deepEqual(told(['Anna@example.com'], ['anna@example.com', 'Anna@example.com']).at(-1), [
      'Anna@example.com',
      true,
    ])
    assert.deepEqual(told([], ['a@example.com']), [])
  })

  it('that belongs to nobody lets nobody pass for served', () => {
    assert.deepEqual(told(['x@example.com', 'b@example.com'], ['a@example.com', 'b@example.com']), [
      ['a@example.com', false],
      ['b@example.com', true],
    ])
  })
})
