// The door of the mfa module.
export { mfaErrors } from './mfa.errors.ts'
export { mfaEvents } from './mfa.events.ts'
export { mfaRoutes } from './mfa.routes.ts'
export { Enrollment, MfaRequired, Proof } from './mfa.schema.ts'
export { createMfa, type Mfa } from './mfa.service.ts'
export { wrongCode } from './service/factors.ts'
export { mustBeOne } from './service/proving.ts'
export { codeAt, fromBase32, stepAt } from './totp.ts'
