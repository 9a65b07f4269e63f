// The text part of a mail: what becomes of its HTML, and that it costs no more than its length.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { textOf, tidied } from './text.ts'

describe('the text part', () => {
  const cases: [string, string, string][] = [
    ['paragraphs', '<h1>Hi</h1><p>a<br>b</p><p>c &amp; d</p>', 'Hi\n\na\nb\n\nc & d'],
    [
      'links',
      '<p>See <a href="https://a.example/?x=1&amp;y=2">this</a>.</p>',
      'See this (https://a.example/?x=1&y=2).',
    ],
    ['links that say where they lead', '<a href="https://a.example">https://a.example</a>', 'https://a.example'],
    ['buttons', 'x<a class="button" href="https://a.example">Go</a>y', 'x\n\nGo:\nhttps://a.example\n\ny'],
    ['lists', '<ul><li>a</li><li>b</li></ul><ol><li>c</li></ol>', '- a\n- b\n\n 1. c'],
    [
      'tables of data',
      '<table class="data"><thead><tr><th>Item</th><th>Price</th></tr></thead><tr><td>Oak</td><td>3 €</td></tr></table>',
      'Item | Price\nOak | 3 €',
    ],
    ['tables that lay out', '<table><tr><td>left</td><td>right</td></tr></table>', 'left\nright'],
    [
      'what is not to be read',
      '<style>p{}</style><p class="preheader">x</p><img src="https://a.example" alt="y">z',
      'z',
    ],
  ]
  for (const [what, html, text] of cases) it(`says ${what}`, () => assert.equal(textOf(html), text))

  it('grows with nothing that a cell says of itself', () => {
    const span = '<table class="data"><tr><td colspan="99999999" rowspan="99999999">x</td></tr></table>'
    assert.equal(textOf(span), 'x')
    const wide = `<table class="data"><tr><td>${'y'.repeat(20_000)}</td></tr>${'<tr><td>x</td></tr>'.repeat(2_000)}</table>`
    assert.ok(textOf(wide).length < 30_000)
  })

  it('grows with nothing but its length where there are long runs of blanks', () => {
    const tabs = '\t'.repeat(100_000)
    const spaces = ' '.repeat(100_000)
    const began = performance.now()
    assert.equal(textOf(`<pre>a${tabs}b${tabs}\n c</pre>`), `a${tabs}b\n c`)
    assert.equal(tidied(`a${spaces}b${spaces}\r\nc \t \r${spaces}\n\n\nd`), `a${spaces}b\nc\n\nd`)
    // Where the cost grows with the square this takes a minute.
    assert.ok(performance.now() - began < 5_000)
  })
})
