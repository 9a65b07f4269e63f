// What can go wrong with storage, beside what the stores themselves report.
import { defineErrors } from '../../../core/errors.ts'

export const storageErrors = defineErrors({
  'storage.tenant_quota': { kind: 'full', message: 'The tenant has no room left for this.' },
  'storage.user_quota': { kind: 'full', message: 'You have no room left for this.' },
  'storage.too_large': { kind: 'too_large', message: 'The file is larger than this server accepts.' },
  'storage.upload_lost': { kind: 'conflict', message: 'The upload took too long and was removed. Send it again.' },
  'storage.test_failed': {
    kind: 'invalid',
    message: 'Nothing was changed: this storage did not keep a small file, give it back and remove it.',
  },
})
