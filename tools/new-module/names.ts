// Names of modules: which nouns may be one, and the forms in which the files use them.

export interface Noun {
  /** `widgets`: the folder, the table, the path, the resource of the permissions. */
  plural: string
  /** `widget` */
  singular: string
}

/** Why a module is not made, as a sentence for the person at the terminal. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
}

// Singulars that would hide a type or a variable that every module uses.
const HIDING =
  'actor array audit body boolean class database date delete error executor fact function id map name new number object page part permission promise query record reference route row schema session set static string symbol tenant text timestamp type update value'.split(
    ' ',
  )

/** The noun's two forms. Throws Refusal for what is no plural lower-case noun. */
export function nounOf(name: string | undefined): Noun {
  if (!name) throw new Refusal('Name the module: npm run new:module widgets')
  if (!/^[a-z]{3,30}$/.test(name))
    throw new Refusal(`A module is called by 3 to 30 lower-case letters without separators: "${name}" is not.`)
  const singular = singularOf(name)
  if (!singular) throw new Refusal(`A module is called by a plural noun, such as widgets: "${name}" is none.`)
  if (HIDING.includes(singular))
    throw new Refusal(`"${name}" cannot be a module: ${capital(singular)} means something else in every file.`)
  return { plural: name, singular }
}

function singularOf(plural: string): string | undefined {
  if (/[^aeiou]ies$/.test(plural)) return plural.replace(/ies$/, 'y')
  if (/(?:ss|x|z|ch|sh)es$/.test(plural)) return plural.slice(0, -2)
  return /[^s]s$/.test(plural) ? plural.slice(0, -1) : undefined
}

/** The text of a template with the noun in the place of widgets. */
export function named(template: string, { plural, singular }: Noun): string {
  const article = /^[aeio]/.test(singular) ? 'an' : 'a'
  return template
    .replaceAll(/\b([Aa]) widget\b/g, (_, letter: string) => `${letter === 'A' ? capital(article) : article} widget`)
    .replaceAll('widgets', plural)
    .replaceAll('Widgets', capital(plural))
    .replaceAll('widget', singular)
    .replaceAll('Widget', capital(singular))
}

export function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
