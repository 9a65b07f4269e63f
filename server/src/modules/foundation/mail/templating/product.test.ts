// The product's mails in every language: each renders, tells what it is told, and leaves no other language in it.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createTemplates } from '../templates.ts'
import { templateNames, valuesOf } from './catalogue.ts'
import { samplesOf } from './checking.ts'
import { valuesIn } from './language.ts'
import { readProductTemplates } from './product.ts'
import { canonicalLocale, LANGUAGES, nearest, preferredLanguage, spokenDevice, spokenDuration } from './words.ts'

const templates = createTemplates({ options: { product: 'Ashlar', defaultLocale: 'en' } })
const product = readProductTemplates()
// No tenant: nothing is asked of a database.
const db = { tenantId: undefined } as never
const render = (template: string, locale: string | null | undefined, values: object) =>
  templates.render(db, { template, locale, values: values as Record<string, string> })
const link = 'https://app.example.com/reset-password?token=abc&x=1'

/** Words that an English mail has and one in another language does not. */
const ENGLISH = /\b(?:the|your|you|and|this|password|hello|click|with)\b/i

/** The text without what it was told, which may be in any language. */
const own = (text: string, values: object) =>
  Object.values(values).reduce((rest: string, value) => rest.replaceAll(String(value), ''), text)

describe('the mails of the product', () => {
  for (const name of templateNames)
    for (const locale of LANGUAGES)
      it(`${name} in ${locale} has a subject, HTML for light and dark, and the same in text`, async () => {
        const values = samplesOf(name)
        const mail = await render(name, locale, values)
        assert.equal(mail.locale, locale)
        assert.ok(mail.subject.length > 4)
        assert.match(mail.html, new RegExp(`^<!doctype html>\\s*<html lang="${locale}">`))
        assert.match(mail.html, /prefers-color-scheme: dark/)
        for (const part of [mail.subject, mail.html, mail.text]) assert.doesNotMatch(part, /\{\{|\{%|undefined|null/)
        assert.doesNotMatch(mail.text, /<|&#|\n{3}/)
        assert.doesNotMatch(mail.html, /(?:src|href)="(?!https:\/\/app\.example\.com)/, 'nothing leads elsewhere')
        if (locale !== 'en') assert.doesNotMatch(own(mail.text + mail.subject, values), ENGLISH)
        if (locale === 'zh-CN') assert.match(mail.subject, /\p{Script=Han}{2}/u)
        else assert.doesNotMatch(mail.text, /\p{Script=Han}/u)
        for (const [value, { kind }] of Object.entries(valuesOf(name)))
          if (!['duration', 'device', 'period'].includes(kind))
            assert.ok(mail.text.includes(String(values[value])), `${value} stands in the text`)
      })

  it('use the same values and blocks in every language', () => {
    for (const name of templateNames) {
      const used = LANGUAGES.map((language) => {
        const { subject, html } = product.compiled(name, language)!
        const blocks = product.sourceOf(name, language)!.html.match(/\{% (?:block|button) \w+/g)
        return [new Set([...valuesIn(subject).keys()]), new Set([...valuesIn(html).keys()]), new Set(blocks)]
      })
      for (const other of used.slice(1)) assert.deepEqual(other.slice(1), used[0]!.slice(1), name)
    }
  })

  it('are whole without what they may not be told', async () => {
    for (const name of templateNames)
      for (const locale of LANGUAGES) {
        const always = { link, address: 'm…@example.com' }
        const values = Object.fromEntries(Object.entries(always).filter(([value]) => value in valuesOf(name)))
        const { text, subject } = await render(name, locale, values)
        assert.doesNotMatch(text, / [,.，。]|\(\)|“”|„“| {2}/, `${locale}/${name}: ${text}`)
        assert.doesNotMatch(subject, /\s$| {2}/)
      }
  })

  it('are told durations and devices in their language', async () => {
    const life = async (locale: string) => (await render('password_reset', locale, { link, life: 1_800 })).text
    assert.match(await life('en'), /works for 30 minutes,/)
    assert.match(await life('de'), /ist 30 Minuten gültig/)
    assert.match(await life('zh-CN'), /在30分钟内有效/)
    for (const [seconds, en, de] of [
      [60, '1 minute', '1 Minute'],
      [7_200, '2 hours', '2 Stunden'],
      [86_400, '24 hours', '24 Stunden'],
      [604_800, '7 days', '7 Tage'],
    ] as const)
      assert.deepEqual([spokenDuration(seconds, 'en'), spokenDuration(seconds, 'de')], [en, de])
    assert.equal(spokenDevice('Firefox 128 on Linux', 'de'), 'Firefox 128 unter Linux')
    assert.equal(spokenDevice('Unknown device', 'zh-CN'), '未知设备')
    assert.equal(spokenDevice('curl', 'de'), 'curl')
  })

  it('answer in the nearest language that there is', async () => {
    for (const [asked, given] of [
      ['de-CH', 'de'],
      ['zh_CN', 'zh-CN'],
      ['zh-TW', 'zh-CN'],
      ['EN_gb', 'en'],
      ['xx', 'en'],
      ['', 'en'],
      [null, 'en'],
      [undefined, 'en'],
      ['../../../etc', 'en'],
    ] as const)
      assert.equal((await render('password_reset', asked, { link })).locale, given)
    const german = createTemplates({ options: { product: 'Ashlar', defaultLocale: 'de' } })
    assert.equal((await german.render(db, { template: 'password_set', locale: 'fr', values: {} })).locale, 'de')
  })

  it('leave out a name that a mail program would make a link of (MAIL-1)', async () => {
    const hello = async (name: string) => (await render('verify_email', 'en', { link, name })).text
    for (const name of [
      'Win at https://evil.example',
      'www.evil.example',
      'visit evil.com now',
      'a@evil.example',
      '<b>x</b>',
      'x'.repeat(101),
    ])
      assert.match(await hello(name), /Hello,/)
    for (const name of ['Zoë Ångström-O’Neil', 'J. R. Müller', '李小龍', 'Dr. No'])
      assert.ok((await hello(name)).includes(`Hello ${name},`))
  })

  it('refuse a link that is no web address, and values they are not told', async () => {
    for (const bad of ['javascript:alert(1)', '/reset-password', '', 'data:text/html,x'])
      await assert.rejects(render('password_reset', 'en', { link: bad }), /needs the address of a web page/)
    await assert.rejects(render('password_changed', 'en', { link }), /is not told link/)
    await assert.rejects(render('nothing', 'en', {}), { code: 'mail.template_not_found' })
    await assert.rejects(render('layout', 'en', {}), { code: 'mail.template_not_found' })
    await assert.rejects(render('constructor', 'en', {}), { code: 'mail.template_not_found' })
  })

  it('can be shown without the secret of their link', () => {
    const values = templates.withoutSecrets('password_reset', { name: 'Mason', link, life: 1_800 })
    assert.deepEqual(values, { name: 'Mason', link: 'https://app.example.com/reset-password', life: 1_800 })
    const harmless = templates.withoutSecrets('password_changed', { name: 'Mason', ip: '203.0.113.7' })
    assert.deepEqual(harmless, { name: 'Mason', ip: '' })
    assert.deepEqual([templates.isSecret('password_reset'), templates.isSecret('password_changed')], [true, false])
  })
})

describe('languages', () => {
  it('are read from what browsers prefer', () => {
    for (const [header, expected] of [
      ['de-DE,de;q=0.9,en;q=0.8', 'de-DE'],
      ['fr;q=1, en;q=0.3, zh;q=0.5', 'zh'],
      ['fr', undefined],
      ['*', undefined],
      ['', undefined],
      [undefined, undefined],
      ['de;q=0, en', 'en'],
      [';;;,,,q=', undefined],
      ['x'.repeat(100_000), undefined],
    ] as const)
      assert.equal(preferredLanguage(header), expected)
  })

  it('are written in one way', () => {
    assert.deepEqual(['ZH_cn', 'de', 'x', '..', ''].map(canonicalLocale), [
      'zh-CN',
      'de',
      undefined,
      undefined,
      undefined,
    ])
    assert.deepEqual(['zh-Hant', 'de-AT', 'fr'].map(nearest), ['zh-CN', 'de', undefined])
  })
})
