// The door of the access log module.
export { giveBack, goOn, insertDownload, isInProgress, type Part } from './accesslog.queries.ts'
export { type AccessEntry, AccessPage, AccessQuery } from './accesslog.schema.ts'
export { type Access, type AccessLog, createAccessLog, forgetAccessesJob } from './accesslog.service.ts'
