// Templates as mails are made from them: the tenant's where it has one, else the product's, in the reader's language.
import type { Clock } from '../../../core/clock.ts'
import type { Bus } from '../../../drivers/bus/index.ts'
import type { Executor } from '../../../drivers/database/index.ts'
import { namingFaults, templateErrors } from './templates.errors.ts'
import { createStore } from './templates.store.ts'
import { isProductTemplate, LAYOUT, secretsOf, type TemplateName } from './templating/catalogue.ts'
import { mustShowSecrets, SAMPLE_MAIL } from './templating/checking.ts'
import { type Compiled, type Rendered, renderMail } from './templating/compile.ts'
import { TemplateFault } from './templating/faults.ts'
import type { Told } from './templating/language.ts'
import { type ProductTemplates, readProductTemplates } from './templating/product.ts'
import { ownTold, productTold, type Values, withoutSecrets } from './templating/values.ts'
import { canonicalLocale, LANGUAGES, nearest } from './templating/words.ts'

export type { TemplateName } from './templating/catalogue.ts'
export type { Rendered } from './templating/compile.ts'
export type { Values } from './templating/values.ts'

/** Something to render: a template by its name, what it is told, and the language that the reader prefers. */
export interface ToRender {
  template: string
  locale?: string | null | undefined
  values: Values | Told
}

export interface Templates {
  /**
   * Makes a mail for the handle's tenant. Asks the database only where the tenant has a template in its way.
   * Throws `mail.template_not_found`, and `mail.template_invalid` for values that it cannot be told.
   */
  render(db: Executor, mail: ToRender): Promise<Rendered>
  /** The values without what is secret in them: everything but the name, where the template does not say what is. */
  withoutSecrets(template: string, values: Values): Values
  isSecret(template: string): boolean
}

export interface TemplateParts {
  log?: { warn(facts: object, message: string): void }
  bus?: Pick<Bus, 'connected' | 'onGap' | 'subscribe'>
  clock?: Clock
  options: { product: string; defaultLocale: string }
}

/** What templates are found by: for a mail, and for those who write them. */
export interface Finder extends Templates {
  readonly product: ProductTemplates
  /** Renders a template that may not be kept yet, in the layout that it would get. */
  renderDraft(db: Executor, name: string, draft: Compiled | undefined, locale: string, told: Told): Promise<Rendered>
}

export function createTemplates({ bus, clock, log, options }: TemplateParts): Finder {
  const product = readProductTemplates()
  const store = createStore(bus, clock)

  /** The languages to look in, the best first, each with the forms that serve it. */
  async function wanted(db: Executor, locale: string | null | undefined): Promise<string[][]> {
    const { locale: ofTenant } = await store.summary(db)
    const chain = [locale, ofTenant, options.defaultLocale, LANGUAGES[0]]
    return chain.map(candidates).filter((forms) => forms.length > 0)
  }

  /** In the first language that has it: the tenant's, else the product's. */
  async function choose(db: Executor, name: string, languages: readonly string[][]) {
    for (const forms of languages) {
      for (const locale of forms) {
        const own = await store.compiled(db, name, locale)
        if (own) return { locale, compiled: own }
      }
      const language = nearest(forms[0]!)
      const compiled = language && product.compiled(name, language)
      if (compiled) return { locale: language, compiled }
    }
    return undefined
  }

  /** A tenant's layout in one language serves those in which it has none. */
  async function layoutFor(db: Executor, locale: string): Promise<Compiled> {
    const { templates } = await store.summary(db)
    const has = templates.filter(({ name }) => name === LAYOUT).map((one) => one.locale)
    if (has.length > 0)
      for (const one of [...candidates(locale), ...(await wanted(db, null)).flat(), ...has]) {
        const own = has.includes(one) ? await store.compiled(db, LAYOUT, one) : undefined
        if (own) return own
      }
    return product.compiled(LAYOUT, LANGUAGES[0])!
  }

  async function renderDraft(db: Executor, name: string, draft: Compiled | undefined, locale: string, given: Told) {
    if (name === LAYOUT) {
      const sample = product.compiled(SAMPLE_MAIL, nearest(locale) ?? LANGUAGES[0])!
      return around(SAMPLE_MAIL, sample, draft ?? (await layoutFor(db, locale)), locale, given)
    }
    const compiled = draft ?? (await choose(db, name, [candidates(locale)]))?.compiled
    if (!compiled) throw templateErrors('mail.template_not_found')
    return around(name, compiled, await layoutFor(db, locale), locale, given)
  }

  function around(name: string, compiled: Compiled, layout: Compiled, locale: string, given: Told): Rendered {
    const own = isProductTemplate(name) ? productTold(name, given, locale) : ownTold(given)
    const told = { ...own, product: options.product, locale }
    const rendered = renderMail(compiled, layout, locale, told)
    if (isProductTemplate(name)) mustShowSecrets(name, told, rendered)
    return rendered
  }

  /** The product's mails come, also where a tenant's wording of one fails on what it is told. */
  async function renderProduct(
    db: Executor,
    name: TemplateName,
    languages: string[][],
    values: Told,
  ): Promise<Rendered> {
    try {
      const { locale, compiled } = (await choose(db, name, languages))!
      return await renderDraft(db, name, compiled, locale, values)
    } catch (error) {
      if (!(error instanceof TemplateFault)) throw error
      const locale = languages.map(([form]) => nearest(form!)).find((one) => one !== undefined)!
      const ours = around(name, product.compiled(name, locale)!, product.compiled(LAYOUT, locale)!, locale, values)
      const { message } = error
      log?.warn({ template: name, tenantId: db.tenantId, message }, "a tenant's mail template failed: ours was sent")
      return ours
    }
  }

  return {
    product,
    renderDraft: (db, name, draft, locale, told) => namingFaults(() => renderDraft(db, name, draft, locale, told)),

    async render(db, { template, locale: asked, values }) {
      const languages = await wanted(db, asked)
      if (isProductTemplate(template)) return namingFaults(() => renderProduct(db, template, languages, values))
      // In whatever language the tenant has it, before not at all.
      const { templates } = await store.summary(db)
      const others = templates.flatMap(({ name, locale }) => (name === template ? [[locale]] : []))
      const found = template === LAYOUT ? undefined : await choose(db, template, [...languages, ...others])
      if (!found) throw templateErrors('mail.template_not_found')
      return namingFaults(() => renderDraft(db, template, found.compiled, found.locale, values))
    },

    withoutSecrets,
    isSecret: (template) => isProductTemplate(template) && secretsOf(template).length > 0,
  }
}

/** `de-CH` may be answered in `de-CH` and in `de`; every kind of Chinese in `zh-CN`. None for what is no language. */
function candidates(locale: string | null | undefined): string[] {
  const whole = canonicalLocale(locale ?? '')
  if (whole === undefined) return []
  const near = nearest(whole)
  return [...new Set([whole, whole.split('-')[0]!, ...(near === undefined ? [] : [near])])]
}
