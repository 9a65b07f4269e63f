// The words of notifications: each in every language, and titles that name nobody.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { eventCatalogue } from '../../../app.ts'
import { LANGUAGES } from '../../foundation/mail/index.ts'
import { KINDS, RULES, USUAL, WITHOUT_MAIL } from './rules.ts'
import { languageOf, say, WORDS } from './words.ts'

it('every event that makes notifications has words in every language, with and without what it is about', () => {
  for (const language of LANGUAGES) {
    assert.deepEqual(Object.keys(WORDS[language].events).sort(), Object.keys(RULES).sort())
    for (const name of Object.keys(RULES))
      for (const subject of ['Zanzibar', null])
        for (const times of [1, 3]) {
          const said = say(language, name, { sender: 'Ada Stone', subject, times })!
          assert.doesNotMatch(said.title, /Zanzibar|Ada|undefined|null/)
          assert.doesNotMatch(said.content, / {2}|“”|„“|undefined|null/)
          assert.match(said.content, /[.。]$/)
        }
  }
  assert.equal(say('en', 'nothing.known', { sender: null, subject: null, times: 1 }), undefined)
  assert.deepEqual([languageOf('de-CH'), languageOf('tlh', 'zh-TW'), languageOf(null, 'fr')], ['de', 'zh-CN', 'en'])
})

it('the rules name events of the catalogue, and what is mailed by others is not mailed twice', () => {
  const known = new Set(eventCatalogue.map(({ name }) => name))
  for (const name of Object.keys(RULES)) assert.ok(known.has(name) || name.startsWith('calendar.'), name)
  for (const kind of KINDS) if (WITHOUT_MAIL.has(kind)) assert.equal(USUAL[kind], 'in_app')
})
