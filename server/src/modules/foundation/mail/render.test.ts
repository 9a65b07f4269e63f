// Templates: what values can and cannot do, and what each language has to bring.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fillHtml, fillText, textOf } from './render.ts'
import { createTemplates, type TemplateName, templateNames } from './templates.ts'

const templates = createTemplates('Ashlar')
const link = 'https://app.example.com/reset-password?token=abc&x=1'
const told: Record<string, Record<string, string>> = {
  verify_email: { name: 'Mason', link, life: '24 hours' },
  password_reset: { name: 'Mason', link, life: '30 minutes' },
  password_reset_success: { name: 'Mason', ip: '203.0.113.7' },
  password_changed: { name: 'Mason', ip: '203.0.113.7' },
  account_invitation: { name: 'Mason', link, life: '24 hours' },
  tenant_invitation: { tenant: 'Blue Quarry', inviter: 'Mason', link, life: '7 days' },
  confirm_address: { name: 'Mason', link, life: '24 hours' },
  address_change_requested: { name: 'Mason', address: 'm…@example.com', ip: '203.0.113.7' },
  address_changed: { name: 'Mason', address: 'm…@example.com', ip: '203.0.113.7' },
  password_set: { name: 'Mason' },
  new_device: { name: 'Mason', device: 'Firefox on Linux', ip: '203.0.113.7' },
  token_created: { name: 'Mason', token: 'backup', ip: '203.0.113.7' },
  mfa_enabled: { name: 'Mason', ip: '203.0.113.7' },
  mfa_disabled: { name: 'Mason', ip: '203.0.113.7' },
  mfa_guessing: { name: 'Mason', ip: '203.0.113.7' },
  recovery_codes_renewed: { name: 'Mason', ip: '203.0.113.7' },
  recovery_code_used: { name: 'Mason', ip: '203.0.113.7' },
  session_replayed: { name: 'Mason', device: 'Firefox on Linux', ip: '203.0.113.7' },
}

describe('a template', () => {
  it('escapes every value in HTML and none in text', () => {
    const values = { a: `<b onclick="x">&'\`=` }
    assert.equal(fillHtml('<p title="{{a}}">{{a}}</p>', values).includes('<b'), false)
    assert.equal(fillText('{{a}}', values), values.a)
  })

  it('never reads a value as a template', () => {
    assert.equal(
      fillText('{{a}}|{{#b}}in{{/b}}|{{c}}', { a: '{{c}}{{#c}}x{{/c}}', b: '', c: '$&$1' }),
      '{{c}}{{#c}}x{{/c}}||$&$1',
    )
  })

  it('shows a section only for a value that is there', () => {
    assert.equal(fillText('{{#a}}[{{a}}]{{/a}}{{#b}}[{{b}}]{{/b}}', { a: '1' }), '[1]')
  })

  it('becomes text with its links written out', () => {
    assert.equal(
      textOf('<p>Hello,</p>\n<p>a <a class="x" href="{{link}}">Go &amp; see</a></p>'),
      'Hello,\n\na Go & see:\n{{link}}',
    )
  })
})

describe('the mails of the server', () => {
  for (const name of templateNames) {
    it(`${name} has a subject, HTML for light and dark, and the same in text`, () => {
      const { subject, html, text, locale } = templates.render(name, 'en', told[name]!)
      assert.equal(locale, 'en')
      assert.ok(subject.length > 10 && !subject.includes('{'))
      assert.match(html, /prefers-color-scheme: dark/)
      for (const part of [html, text]) assert.doesNotMatch(part, /\{\{|undefined/)
      assert.match(text, told[name]!.name ? /^Ashlar\n\nHello Mason,/ : /^Ashlar\n\nHello,/)
      assert.doesNotMatch(text, /<|&#/)
      for (const value of Object.values(told[name]!)) assert.ok(text.includes(value), `${value} stands in the text`)
      assert.doesNotMatch(html, /https?:\/\/(?!app\.example\.com)/, 'nothing is loaded from elsewhere')
    })
  }

  it('answer in the nearest language that there is', () => {
    for (const locale of ['de-CH', 'zh_CN', 'xx', '', null, undefined, '../../../etc'])
      assert.equal(templates.render('password_reset', locale, told.password_reset!).locale, 'en')
  })

  it('leave out a name that a mail program would make a link of (MAIL-1)', () => {
    for (const name of [
      'Win at https://evil.example',
      'www.evil.example',
      'visit evil.com now',
      'a@evil.example',
      '<b>x</b>',
      'x'.repeat(101),
    ]) {
      const { text, html } = templates.render('verify_email', 'en', { ...told.verify_email, name })
      assert.match(text, /Hello,/)
      assert.doesNotMatch(text + html, /evil|<b>x/)
    }
    for (const name of ['Zoë Ångström-O’Neil', 'J. R. Müller', '李小龍', 'Dr. No'])
      assert.ok(templates.render('verify_email', 'en', { ...told.verify_email, name }).text.includes(`Hello ${name},`))
  })

  it('refuse a link that is no web address, and values they are not told', () => {
    for (const bad of ['javascript:alert(1)', '/reset-password', '', 'data:text/html,x'])
      assert.throws(
        () => templates.render('password_reset', 'en', { name: 'M', link: bad }),
        /needs the address of a web page/,
      )
    assert.throws(() => templates.render('password_changed', 'en', { name: 'M', link } as never), /is not told link/)
    assert.throws(() => templates.render('nothing' as TemplateName, 'en', {}))
  })

  it('can be shown without the secret of their link', () => {
    const values = templates.withoutSecrets('password_reset', told.password_reset!)
    assert.equal(values.link, 'https://app.example.com/reset-password')
    assert.equal(values.name, 'Mason')
    assert.deepEqual(templates.withoutSecrets('password_changed', told.password_changed!), { name: 'Mason', ip: '' })
  })
})
