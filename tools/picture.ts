// Draws docs/picture.svg, the layers with their modules as the folders are; with --check, says whether it is current.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root, runGenerator } from './generated.ts'

const WIDTH = 960
const MARGIN = 24
const LABEL = 226
const CHIP = 30
const GAP = 8
/** What a character of the labels takes, in pixels: names are set in a monospaced face. */
const CHARACTER = 7.9

interface Layer {
  name: string
  about: string
  colour: string
  parts: string[]
}

const namesIn = (path: string) =>
  readdirSync(join(root, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || (entry.name.endsWith('.ts') && !entry.name.includes('.test.')))
    .map(({ name }) => name.replace(/\.ts$/, ''))
    .sort()

const tier = (name: string) => namesIn(`server/src/modules/${name}`)

/** From what callers see to what everything stands on. */
export function layers(): Layer[] {
  return [
    {
      name: 'One API, three bases',
      about: 'documented, deny by default',
      colour: '#7c5cbf',
      parts: ['/api/v1', '/api', '/'],
    },
    { name: 'views', about: 'reads across modules', colour: '#2f6db5', parts: tier('views') },
    { name: 'product', about: 'what people work with', colour: '#1f7f8b', parts: tier('product') },
    { name: 'identity', about: 'who they are, what they may', colour: '#2d7d46', parts: tier('identity') },
    { name: 'foundation', about: 'what every module uses', colour: '#8a6d1f', parts: tier('foundation') },
    { name: 'drivers', about: 'the outside world', colour: '#a3502d', parts: namesIn('server/src/drivers') },
    { name: 'core', about: 'words', colour: '#6b5b53', parts: namesIn('server/src/core') },
    {
      name: 'PostgreSQL',
      about: 'row-level security, forced',
      colour: '#334e68',
      parts: ['embedded', 'or a server of yours'],
    },
  ]
}

/** The parts of a layer in lines that fit, each with its place. */
function placed(parts: string[]): { part: string; x: number; line: number; width: number }[] {
  let [x, line] = [LABEL, 0]
  return parts.map((part) => {
    const width = Math.round(part.length * CHARACTER) + 20
    if (x + width > WIDTH - MARGIN - GAP) [x, line] = [LABEL, line + 1]
    const place = { part, x, line, width }
    x += width + GAP
    return place
  })
}

export function picture(drawn = layers()): string {
  const shapes: string[] = []
  let top = MARGIN
  for (const { name, about, colour, parts } of drawn) {
    const places = placed(parts)
    const height = Math.max(56, (places.at(-1)!.line + 1) * (CHIP + GAP) + GAP + 4)
    const middle = top + height / 2
    shapes.push(
      `<rect x="${MARGIN / 2}" y="${top}" width="${WIDTH - MARGIN}" height="${height}" rx="8" fill="${colour}" fill-opacity="0.12" stroke="${colour}"/>`,
      `<text x="${MARGIN}" y="${middle - 3}" font-weight="600" fill="#1b1f24">${name}</text>`,
      `<text x="${MARGIN}" y="${middle + 14}" font-size="11.5" fill="#57606a">${about}</text>`,
    )
    const first = top + (height - (places.at(-1)!.line + 1) * (CHIP + GAP) + GAP) / 2
    for (const { part, x, line, width } of places) {
      const y = first + line * (CHIP + GAP)
      shapes.push(
        `<rect x="${x}" y="${y}" width="${width}" height="${CHIP}" rx="5" fill="${colour}"/>`,
        `<text class="part" x="${x + width / 2}" y="${y + 20}" text-anchor="middle" fill="#ffffff">${part}</text>`,
      )
    }
    top += height + GAP
  }
  const height = top + MARGIN - GAP
  return `${[
    '<!-- Written by `node tools/picture.ts` from the folders of server/src: do not edit. -->',
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="The layers of Ashlar and their modules" font-family="system-ui, sans-serif" font-size="15">`,
    '<style>.part { font: 13px ui-monospace, Menlo, Consolas, monospace }</style>',
    `<rect width="${WIDTH}" height="${height}" rx="10" fill="#ffffff"/>`,
    ...shapes,
    '</svg>',
  ].join('\n')}\n`
}

if (import.meta.main) runGenerator({ 'docs/picture.svg': picture() })
