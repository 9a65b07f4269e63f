// What nodes tell each other. Messages carry ids only.

/** Somebody's rights or state changed: `{ userId }`, `{ sessionId }`, `{ tenantId }` or `{ adminId }` of what to forget. */
export const ACTORS_CHANGED = 'actors.changed'

/** What people show of themselves changed, and none of their rights: `{ userId }`. A hint, which may be lost: nobody believes such things for long. */
export const PROFILES_CHANGED = 'profiles.changed'

/** Events were committed in these tenants: `{ tenantIds }`, between spaces. A hint, which may be lost: the events stand in their table. */
export const EVENTS_PUBLISHED = 'events.published'

/** Pieces of an answer of a language model were written: `{ answerId }`. A hint, which may be lost: the pieces stand in their table. */
export const AI_ANSWER_TOLD = 'ai.answer_told'

/** Answers of a language model were ended or removed: `{ answerIds }`, between spaces. Whoever writes one of them stops. */
export const AI_ANSWERS_ENDED = 'ai.answers_ended'

/** A tenant chose something else about language models: `{ tenantId }`. */
export const AI_SETTINGS_CHANGED = 'ai.settings_changed'
