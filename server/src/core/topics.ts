// What nodes tell each other. Messages carry ids only.

/** Somebody's rights or state changed: `{ userId }`, `{ sessionId }`, `{ tenantId }` or `{ adminId }` of what to forget. */
export const ACTORS_CHANGED = 'actors.changed'

/** What people show of themselves changed, and none of their rights: `{ userId }`. A hint, which may be lost: nobody believes such things for long. */
export const PROFILES_CHANGED = 'profiles.changed'

/** Events were committed in these tenants: `{ tenantIds }`, between spaces. A hint, which may be lost: the events stand in their table. */
export const EVENTS_PUBLISHED = 'events.published'
