// Tenants and who belongs to them.
import { type Administration, createAdministration } from './service/administration.ts'
import { createDirectory, type Directory } from './service/directory.ts'
import { createEnding, type Ending } from './service/ending.ts'
import { createEverywhere, type Everywhere } from './service/everywhere.ts'
import { createMembers, type Members } from './service/members.ts'
import type { TenantParts } from './service/parts.ts'
import { createSettings, type SettingsStore } from './service/settings.ts'

export type Tenants = Directory & SettingsStore & Administration & Ending & Members & { everywhere: Everywhere }

export function createTenants(parts: TenantParts): Tenants {
  const directory = { ...createDirectory(parts), ...createSettings(parts) }
  return {
    ...directory,
    ...createAdministration(parts),
    ...createEnding(parts),
    ...createMembers(parts, directory),
    ...createEverywhere(parts),
  }
}
