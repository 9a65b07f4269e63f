// The canonical dialect, /api/v1: the resource itself, lists as {data, meta}, errors as RFC 9457 problem details.
import Type from 'typebox'
import type { Problem } from '../../../core/errors.ts'
import { TITLES } from '../problems.ts'
import { type Dialect, type ProblemContext, servedOn } from './dialect.ts'

const PROBLEM_TYPE = 'application/problem+json; charset=utf-8'

const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: 'A URI reference of the error page, by code.' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Type.String({ examples: ['users.not_found'] }),
    errors: Type.Array(
      Type.Object({ in: Type.String(), path: Type.String(), code: Type.String(), message: Type.String() }),
    ),
    instance: Type.String(),
    requestId: Type.String(),
  },
  { title: 'Problem', additionalProperties: true },
)

/** RFC 9457: the standard members, our code, the fields at fault and the request id. */
function problemDetails(problem: Problem, context: ProblemContext): object {
  return {
    type: `/docs/errors#${problem.code}`,
    title: TITLES[problem.kind],
    status: context.status,
    detail: problem.message,
    code: problem.code,
    errors: problem.fields,
    instance: context.instance,
    requestId: context.requestId,
    ...problem.facts,
  }
}

const shared = {
  unknownKeys: 'refuse' as const,
  accept: (_route: unknown, _part: unknown, value: unknown) => value,
  success: (_route: unknown, value: unknown) => value,
  problem: (problem: Problem, context: ProblemContext) => ({
    status: context.status,
    contentType: PROBLEM_TYPE,
    body: problemDetails(problem, context),
  }),
  answerSchema: (route: { answer: Dialect['problemSchema'] }) => route.answer,
  problemSchema: ProblemSchema,
  problemContentType: 'application/problem+json',
}

export const canonical: Dialect = {
  ...shared,
  base: 'canonical',
  prefix: '/api/v1',
  title: 'Ashlar API',
  routes: (all) => servedOn('canonical', all),
}

/** The root without an envelope: health and the documents. */
export const plain: Dialect = {
  ...shared,
  base: 'plain',
  prefix: '',
  title: 'Ashlar API',
  routes: (all) => servedOn('plain', all),
}
