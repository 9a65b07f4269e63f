// What nodes tell each other. Messages carry ids only.

/** Somebody's rights or state changed: `{ userId }`, `{ sessionId }`, `{ tenantId }` or `{ adminId }` of what to forget. */
export const ACTORS_CHANGED = 'actors.changed'

/** Events were committed in these tenants: `{ tenantIds }`, between spaces. A hint, which may be lost: the events stand in their table. */
export const EVENTS_PUBLISHED = 'events.published'
