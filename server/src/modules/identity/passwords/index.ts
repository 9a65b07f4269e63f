// The door of the passwords module: how they are kept, and which are accepted.
export { createHashing, type Hashing } from './hashing.ts'
export { wrongPassword } from './passwords.errors.ts'
export { createPasswordPolicy, PASSWORD_MAX_LENGTH, type PasswordPolicy } from './policy.ts'
