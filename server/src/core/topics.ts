// What nodes tell each other. Messages carry ids only.

/** Somebody's rights or state changed: `{ userId }`, `{ sessionId }`, `{ tenantId }` or `{ adminId }` of what to forget. */
export const ACTORS_CHANGED = 'actors.changed'
