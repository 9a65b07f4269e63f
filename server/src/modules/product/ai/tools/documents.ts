// A tool that searches the documents of whoever asks.
import Type from 'typebox'
import type { Documents } from '../../documents/index.ts'
import { defineTool } from '../tools.ts'

const MOST = 8

export function searchDocumentsTool(documents: Pick<Documents, 'related'>) {
  return defineTool({
    name: 'search_documents',
    description: "Searches the person's documents and answers passages of the best ones.",
    permission: 'documents:view',
    input: Type.Object(
      { query: Type.String({ minLength: 1, maxLength: 500, description: 'Words to look for.' }) },
      { additionalProperties: false },
    ),
    async run(actor, { query }) {
      const found = await documents.related(actor, query, MOST)
      return {
        output: found.map(({ id, title, passage }) => ({ id, title, passage })),
        citations: found.map(({ id }) => id),
      }
    },
  })
}
