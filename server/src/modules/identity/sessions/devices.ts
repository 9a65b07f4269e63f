// The name of a device, from its User-Agent.
import bowser from 'bowser'

/** The same device after an update of its browser: the name without the version. */
export function deviceKind(device: string): string {
  return device.replace(/ \d+( on |$)/, '$1')
}

/** `Firefox 128 on Linux`; the first word of the header for programs; `Unknown device` without one. */
export function deviceName(userAgent: string): string {
  if (!userAgent) return 'Unknown device'
  const { browser, os } = bowser.parse(userAgent)
  if (!browser.name) return userAgent.split(/[\s/(]/)[0]!.slice(0, 80) || 'Unknown device'
  const version = browser.version?.split('.')[0]
  return [browser.name, version, os.name && `on ${os.name}`].filter(Boolean).join(' ').slice(0, 120)
}
