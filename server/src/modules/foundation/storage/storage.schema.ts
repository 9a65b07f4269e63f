// What comes in and what goes out of the settings of storage.
import Type, { type Static } from 'typebox'
import { Body, Nullable, OneOf, Text, Timestamp } from '../../../drivers/http/index.ts'

export const CHOICES = ['default', 's3', 'azure'] as const

const Settings = {
  bucket: Type.Optional(Text(63, { pattern: '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$', description: 'S3.' })),
  region: Type.Optional(Text(40, { pattern: '^[A-Za-z0-9-]+$', description: 'S3; us-east-1 when left out.' })),
  endpoint: Type.Optional(
    Nullable(
      Text(300, {
        description: 'Of a service that is not Amazon’s or Azure’s own: an https address without a path.',
      }),
    ),
  ),
  accessKeyId: Type.Optional(Text(128, { pattern: '^[\\x21-\\x7e]+$', description: 'S3.' })),
  account: Type.Optional(Text(24, { pattern: '^[a-z0-9]{3,24}$', description: 'Azure.' })),
  container: Type.Optional(Text(63, { pattern: '^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$', description: 'Azure.' })),
}

export const StorageChange = Body(
  {
    provider: OneOf(CHOICES, { description: 'default is the storage of this installation.' }),
    ...Settings,
    secretAccessKey: Type.Optional(Text(256, { description: 'S3. Never shown again; left out, it stays.' })),
    accountKey: Type.Optional(Text(256, { description: 'Azure. Never shown again; left out, it stays.' })),
  },
  { examples: [{ provider: 'default' }] },
)
export type StorageChange = Static<typeof StorageChange>

export const StorageSettings = Type.Object(
  {
    provider: OneOf(CHOICES),
    ...Settings,
    secretSet: Type.Boolean({ description: 'Whether a secret is kept. It is never shown.' }),
    since: Nullable(Timestamp),
    used: Type.Integer({ description: 'Bytes that the tenant has.' }),
    total: Type.Integer({ description: 'Bytes that it may have.' }),
  },
  { title: 'StorageSettings' },
)
export type StorageSettings = Static<typeof StorageSettings>

export const AvailableStorages = Type.Object(
  {
    data: Type.Array(
      Type.Object({
        provider: OneOf(CHOICES),
        label: Type.String(),
        current: Type.Boolean(),
        fields: Type.Array(Type.Object({ name: Type.String(), required: Type.Boolean(), secret: Type.Boolean() })),
      }),
    ),
  },
  { title: 'AvailableStorages' },
)
export type AvailableStorages = Static<typeof AvailableStorages>
