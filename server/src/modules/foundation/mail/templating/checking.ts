// The last look at a template: it renders with and without what it may be told, and brings the link that its mail is for.
import { isProductTemplate, LAYOUT, secretsOf, type TemplateName, valuesOf } from './catalogue.ts'
import type { Rendered } from './compile.ts'
import { escapeHtml } from './escaping.ts'
import { TemplateFault } from './faults.ts'
import type { Told } from './language.ts'

/** The mail of the product that a layout is shown around. */
export const SAMPLE_MAIL = 'password_reset' satisfies TemplateName

/** A value for everything that the template is told, in the form in which it is told. */
export function samplesOf(name: string): Told {
  const mail = name === LAYOUT ? SAMPLE_MAIL : name
  if (!isProductTemplate(mail)) return {}
  return Object.fromEntries(Object.entries(valuesOf(mail)).map(([one, { sample }]) => [one, sample]))
}

/** Renders with every value there, and with none but what a mail cannot do without. Templates of a tenant's own have no samples. */
export async function mustRender(name: string, render: (told: Told) => Promise<Rendered>): Promise<void> {
  const samples = samplesOf(name)
  if (Object.keys(samples).length === 0) return
  const secrets = secretsOf(name === LAYOUT ? SAMPLE_MAIL : (name as TemplateName))
  for (const told of [samples, Object.fromEntries(secrets.map((secret) => [secret, samples[secret]]))])
    if (!(await render(told)).subject.trim()) throw new TemplateFault('subject', 'The subject becomes empty.')
}

/** A mail that is sent for its link shows it, whatever a tenant made of the template and the layout. Throws a TemplateFault. */
export function mustShowSecrets(name: TemplateName, told: Told, { html, text }: Rendered): void {
  for (const secret of secretsOf(name)) {
    const value = String(told[secret])
    const missing = html.includes(escapeHtml(value)) ? (text.includes(value) ? undefined : 'text') : 'html'
    if (missing !== undefined)
      throw new TemplateFault(missing, `This mail is sent for its {{ ${secret} }}: it must be shown in every case.`)
  }
}
