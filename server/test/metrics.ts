// Reading the text of Prometheus in tests.

export interface Sample {
  name: string
  labels: Record<string, string>
  value: number
}

/** The samples of an exposition. Throws where a line is none. */
export function samplesOf(text: string): Sample[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const parts = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line)
      if (!parts) throw new Error(`"${line}" is no sample.`)
      const labels = [...(parts[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)]
      return {
        name: parts[1]!,
        labels: Object.fromEntries(labels.map(([, name, value]) => [name, value])),
        value: Number(parts[3]),
      }
    })
}

/** The sum of the samples of a name that have these labels. */
export function totalOf(samples: readonly Sample[], name: string, labels: Record<string, string> = {}): number {
  return samples
    .filter((one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value))
    .reduce((sum, { value }) => sum + value, 0)
}
