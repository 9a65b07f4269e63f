// Names as they are kept, and what is no name.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Problem } from '../../../core/errors.ts'
import { contentName } from './names.ts'

const codeOf = (sent: string) => {
  try {
    return `kept ${contentName(sent)}`
  } catch (error) {
    return (error as Problem).fields[0]!.code
  }
}

describe('a name', () => {
  it('has something to be seen', () => {
    for (const nothing of [
      '',
      ' ',
      '\u00a0',
      '\u200b',
      '\u3164',
      '\u2800',
      '\u115f\u1160',
      '\u2060 \ufeff',
      '\u{e0100}',
      '\u00ad',
    ])
      assert.equal(codeOf(nothing), 'empty', JSON.stringify(nothing))
    for (const name of ['a', '-', '採石', '\u{1faa8}', '\u{1f468}\u200d\u{1f469}', 'می\u200cخواهم', '\u0301'])
      assert.equal(codeOf(name), `kept ${name.normalize('NFC')}`)
  })

  it('is one line', () => {
    for (const name of ['a\u2028b', 'a\u2029b', 'a\nb', 'a\u0085b']) assert.equal(codeOf(name), 'control_characters')
  })
})
