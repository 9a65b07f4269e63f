// A provider of language models as a process of its own: it thinks for a while and then writes a token every so often.
import { startAiServer } from '../server/test/ai-servers.ts'

const models = await startAiServer()
models.answer(JSON.parse(process.env.SCRIPT!))
console.log(JSON.stringify({ port: Number(new URL(models.ollama).port) }))
