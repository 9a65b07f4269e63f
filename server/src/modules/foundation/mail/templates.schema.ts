// What comes in and what goes out of mail templates.
import Type, { type Static } from 'typebox'
import { Body, Nullable, OneOf, Text, Timestamp } from '../../../drivers/http/index.ts'
import type { TemplateRow } from './templates.queries.ts'
import { MAX_SOURCE } from './templating/scan.ts'

const NAME_PATTERN = '^[a-z][a-z0-9_]{0,49}$'

const Locale = Type.String({
  maxLength: 35,
  pattern: '^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})*$',
  description: 'A language tag (BCP 47).',
  examples: ['de'],
})
const Name = Type.String({
  pattern: NAME_PATTERN,
  description: 'Small letters, digits and underscores. `layout` is what stands around every mail.',
  examples: ['password_changed'],
})
const Subject = Type.String({ maxLength: 500, examples: ['Your password was changed'] })
const Html = Text(MAX_SOURCE, { examples: ['<p>Hello {{ name }},</p><p>your password was changed.</p>'] })
const TextPart = Nullable(Type.String({ maxLength: MAX_SOURCE, description: 'Null: made from the HTML.' }))

const Value = Type.Object({
  name: Type.String(),
  description: Type.String(),
  secret: Type.Boolean({ description: 'Only shown alone, or as the whole address of a link.' }),
})

export const Template = Type.Object({
  name: Name,
  kind: OneOf(['product', 'layout', 'own'], {
    description: "product: a mail of the product; layout: what stands around every mail; own: one of the tenant's own.",
  }),
  languages: Type.Array(Locale, { description: 'In which languages the product has it.' }),
  overrides: Type.Array(Type.Object({ locale: Locale, updatedAt: Timestamp }), {
    description: 'In which languages the tenant has one of its own.',
  }),
  values: Type.Array(Value, {
    description: "What it can show. Templates of the tenant's own show whatever they are told.",
  }),
})
export type Template = Static<typeof Template>

const Source = Type.Object({ subject: Type.String(), html: Type.String(), text: Nullable(Type.String()) })
const Absent = (description: string) =>
  Type.Unsafe<Static<typeof Source> | null>({ ...Source, type: ['object', 'null'], description })

export const TemplateSource = Type.Object({
  name: Name,
  kind: Template.properties.kind,
  locale: Locale,
  values: Template.properties.values,
  product: Absent('As the product has it in this language.'),
  override: Absent('As the tenant has it in this language: that one is sent.'),
  updatedAt: Type.Optional(Timestamp),
})
export type TemplateSource = Static<typeof TemplateSource>

export const TemplateParams = Type.Object({ name: Name })
export const LocaleQuery = Type.Object({
  locale: Type.Optional(Type.String({ ...Locale, description: 'Else the language of the installation.' })),
})
export type LocaleQuery = Static<typeof LocaleQuery>

export const TemplateChange = Body(
  { locale: Locale, subject: Subject, html: Html, text: Type.Optional(TextPart) },
  {
    examples: [
      {
        locale: 'de',
        subject: 'Ihr Passwort wurde geändert',
        html: '<p>Guten Tag {{ name }},</p><p>Ihr Passwort bei {{ product }} wurde geändert.</p>',
      },
    ],
  },
)
export type TemplateChange = Static<typeof TemplateChange>

export const PreviewRequest = Body(
  {
    locale: Type.Optional(Locale),
    subject: Type.Optional(Subject),
    html: Type.Optional(Html),
    text: Type.Optional(TextPart),
    values: Type.Optional(
      Type.Unsafe<Record<string, unknown>>({
        type: 'object',
        additionalProperties: true,
        maxProperties: 100,
        description: 'What it is told; what is left out of a mail of the product is a sample.',
        examples: [{ name: 'Mason' }],
      }),
    ),
  },
  { examples: [{ locale: 'de', values: { name: 'Mason' } }] },
)
export type PreviewRequest = Static<typeof PreviewRequest>

export const Preview = Type.Object({
  locale: Locale,
  subject: Type.String(),
  html: Type.String({ description: 'Show it in a sandbox: the tenant wrote it.' }),
  text: Type.String(),
})
export type Preview = Static<typeof Preview>

export function toSource({ subject, html, text }: Pick<TemplateRow, 'subject' | 'html' | 'text'>) {
  return { subject, html, text }
}
