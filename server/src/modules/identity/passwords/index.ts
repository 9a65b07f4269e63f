// The door of the passwords module: how they are kept, and which are accepted.
export { BCRYPT_BYTES, createHashing, type Hashing } from './hashing.ts'
export { wrongPassword } from './passwords.errors.ts'
export { createPasswordPolicy, type PasswordPolicy } from './policy.ts'
