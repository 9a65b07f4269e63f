// The template language under attack: what it refuses, where, and that what it lets through ends.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TemplateFault } from './faults.ts'
import { type Form, parse, render, type Told, valuesIn } from './language.ts'

const written = (source: string, told: Told = {}, form: Form = 'html') =>
  render(parse('html', source, form), told, { locale: 'en', isTrusted: false }).rest

/** Everything that goes wrong is a fault that names the field: nothing of ours or of the library gets through. */
function fault(work: () => unknown): TemplateFault {
  try {
    work()
  } catch (error) {
    assert.ok(error instanceof TemplateFault, `${(error as Error).stack}`)
    assert.equal(error.part, 'html')
    assert.doesNotMatch(error.message, /node_modules|file:|undefined is not|Cannot read/)
    return error
  }
  assert.fail('It was let through.')
}

describe('the template language', () => {
  it('escapes every value in HTML and none in text', () => {
    const told = { a: `<b onclick="x">&'\`=` }
    assert.equal(written('<p title="{{ a }}">{{ a | upcase }}</p>', told).match(/[<"]/g)?.length, 4)
    assert.equal(written('{{ a }}', told, 'text'), told.a)
  })

  it('never reads a value as a template', () => {
    assert.equal(written('{{ a }}', { a: '{{ b }}{% if b %}$&', b: 'no' }, 'text'), '{{ b }}{% if b %}$&')
  })

  it('has conditions, choices and lists', () => {
    const source =
      '{% for i in items %}{{ forloop.index }}.{{ i.name | capitalize }}{% unless forloop.last %}, {% endunless %}{% else %}none{% endfor %}'
    assert.equal(written(source, { items: [{ name: 'oak' }, { name: 'elm' }] }), '1.Oak, 2.Elm')
    assert.equal(written(source, { items: [] }), 'none')
    assert.equal(written('{% case a %}{% when 1, 2 %}few{% else %}many{% endcase %}', { a: 2 }), 'few')
    assert.equal(written('{% if a == "x" and b > 2 %}yes{% elsif c %}or{% endif %}', { a: 'x', b: 3 }), 'yes')
    assert.equal(written('{% if nothing %}a{% else %}b{% endif %}{{ nothing | default: "c" }}'), 'bc')
  })

  it('says dates and numbers in the language of the reader', () => {
    const told = { at: '2026-11-21T09:30:00Z', n: 1234.5 }
    const in_ = (locale: string) =>
      render(parse('html', '{{ at | date }}|{{ at | date: "time" }}|{{ n | number }}', 'text'), told, {
        locale,
        isTrusted: false,
      }).rest
    assert.equal(in_('de'), '21. November 2026|21. November 2026 um 09:30 UTC|1.234,5')
    assert.equal(in_('zh-CN'), '2026年11月21日|2026年11月21日 09:30 UTC|1,234.5')
  })

  it('knows which values a template uses, and where first', () => {
    const parsed = parse(
      'html',
      '{{ a }}\n{% if b.c %}{{ a }}{% endif %}\n{% for x in list %}{{ x }}{% endfor %}',
      'html',
    )
    assert.deepEqual(
      [...valuesIn(parsed)],
      [
        ['a', 1],
        ['b', 2],
        ['list', 3],
      ],
    )
  })

  const refused: [string, string, number?][] = [
    ['a tag that is not closed', 'a\nb {% if x %}', 2],
    ['braces that are not closed', 'a\n\n{{ x', 3],
    ['braces of a tag that are not closed', '{% if x', 1],
    ['an end without a beginning', '\n{% endif %}', 2],
    ['ends in the wrong order', '{% if a %}{% for b in c %}{% endif %}{% endfor %}', 1],
    ['an else that belongs to nothing', '{% else %}', 1],
    ['a file', '\n{% include "/etc/passwd" %}', 2],
    ['another template', "{% render 'layout' %}", 1],
    ['a layout of its own', "{% layout 'layout' %}", 1],
    ['a variable that grows', '{% assign a = "x" | append: a %}', 1],
    ['text that is kept', '{% capture a %}x{% endcapture %}', 1],
    ['text that is not escaped', '{{ a | raw }}', 1],
    ['text behind a raw tag', '{% raw %}{{ a }}{% endraw %}', 1],
    ['several tags in one', '{% liquid\nassign a = 1\n%}', 1],
    ['an echo', '{% echo a %}', 1],
    ['a counter', '{% increment a %}', 1],
    ['a table of rows', '{% tablerow i in a %}{% endtablerow %}', 1],
    ['the name of a constructor', '{{ a.constructor }}', 1],
    ['the name of a prototype', '{{ a.__proto__.x }}', 1],
    ['a constructor in brackets', '{{ a["constructor"] }}', 1],
    ['a tag from a prototype', '{% constructor %}', 1],
    ['a filter from a prototype', '{{ 1 | valueOf }}', 1],
    ['a filter with a pattern', '{{ a | replace_regex: "(a+)+", "b" }}', 1],
    ['a filter that multiplies', '{{ a | replace: "a", "aaaa" }}', 1],
    ['a filter that runs an expression', '{{ a | where_exp: "x", "x == 1" }}', 1],
    ['an endless range', '{% for i in (1..999999999) %}{% endfor %}', 1],
    ['a range in a value', '{{ (1..999999999) | join }}', 1],
    ['a range in a condition', '{% if a == (1..999999999) %}{% endif %}', 1],
    ['a search', '{% if a contains b %}{% endif %}', 1],
    ['escapes in quotes', '{{ "\\u003cb>" }}', 1],
    ['dashes that eat the space around', 'https://evil.example/?x= {{- a }}', 1],
    ['a tag with dashes', '{%- if a -%}{% endif %}', 1],
    ['an empty place', '{{ }}', 1],
    ['a condition on nothing', '{% if %}{% endif %}', 1],
    ['a block with two names', '{% block a b %}{% endblock %}', 1],
    ['a button without a name', '{% button %}Go{% endbutton %}', 1],
    ['tags nested without end', '{% if a %}'.repeat(3_000) + '{% endif %}'.repeat(3_000), 1],
    ['an expression without end', `{{ ${'a | upcase | '.repeat(500)}upcase }}`, 1],
    ['a source that is too long', 'x'.repeat(65_537)],
    ['signs that stand for places', 'a \uE0001\uE001'],
    ['half a character', 'a \uD800'],
  ]
  for (const [what, source, line] of refused)
    it(`refuses ${what}, and says where`, () => assert.equal(fault(() => parse('html', source, 'html')).line, line))

  it('shows nothing that an object inherits', () => {
    for (const name of ['toString', 'valueOf', 'hasOwnProperty', 'length.x', 'map', 'then'])
      assert.match(fault(() => written(`{{ a.${name} }}`, { a: { b: 1 } })).message, /is missing/)
    assert.match(fault(() => written('{{ a.b.map }}', { a: { b: [1] } })).message, /is missing/)
    assert.match(fault(() => written('{{ toString }}')).message, /is missing/)
    assert.match(fault(() => written('{{ a }}', { a: {} })).message, /cannot be shown as a whole/)
  })

  it('says which value is missing', () => {
    assert.match(fault(() => written('{{ nmae }}', { name: 'x' })).message, /"nmae" is missing/)
  })

  it('stops loops in loops, also where they show nothing', () => {
    const a = Array(300).fill('x')
    for (const inner of ['', '{% if a %}{% endif %}', '{{ k }}'])
      assert.match(
        fault(() =>
          written(`{% for i in a %}{% for j in a %}{% for k in a %}${inner}{% endfor %}{% endfor %}{% endfor %}`, {
            a,
          }),
        ).message,
        /too many steps/,
      )
  })

  it('stops what grows', () => {
    const told = { a: Array(900).fill('x'.repeat(100)), long: 'y'.repeat(10_000) }
    assert.match(fault(() => written('{{ a | join: long }}', told)).message, /longer than/)
    assert.match(fault(() => written('{% for i in a %}{{ long }}{% endfor %}', told)).message, /longer than/)
    assert.match(
      fault(() => written('{% block b %}{% for i in a %}{{ long }}{% endfor %}{% endblock %}', told)).message,
      /longer than/,
    )
    assert.equal(written("{{ at | date: '%99999999d' }}", { at: '2026-01-01' }), 'January 1, 2026')
    assert.equal(written('{{ long | truncate: 99999999999 | size }}', told), '10000')
  })

  it('makes links of web addresses only', () => {
    for (const link of ['javascript:alert(1)', '/page', '', 'data:text/html,x', 'file:///etc/passwd'])
      assert.match(fault(() => written('{% button link %}Go{% endbutton %}', { link })).message, /web address/)
    const html = written('{% button link %}Go{% endbutton %}', { link: 'https://a.example/?a="><b>' })
    assert.doesNotMatch(html, /"><b>/)
  })

  it('any text is rendered or refused, and nothing else happens', () => {
    const parts = [
      '{{',
      '}}',
      '{%',
      '%}',
      ' a ',
      '"',
      "'",
      '|',
      ':',
      'if',
      'endif',
      'for',
      'in',
      '.',
      '\n',
      '<b',
      '>',
      '--',
      '(',
      '1',
    ]
    let seed = 20_261
    const next = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return seed % below
    }
    for (let round = 0; round < 5_000; round++) {
      const source = Array.from({ length: 1 + next(14) }, () => parts[next(parts.length)]).join('')
      try {
        written(source, { a: 'x' })
      } catch (error) {
        assert.ok(error instanceof TemplateFault, `${source}: ${(error as Error).stack}`)
      }
    }
  })
})
