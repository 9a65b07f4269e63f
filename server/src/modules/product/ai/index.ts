// The door of the module of conversations with language models.
export { aiRoutes } from './ai.routes.ts'
export { type Ai, createAi } from './ai.service.ts'
export { endDeadJob, forgetAiJob } from './service/upkeep.ts'
export { listCalendarTool } from './tools/calendar.ts'
export { searchDocumentsTool } from './tools/documents.ts'
export { type AiTool, defineTool, type ToolResult } from './tools.ts'
