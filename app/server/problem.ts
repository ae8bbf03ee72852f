import { PolicyLoadError } from '../policy/policy-fault.ts'

/** What can be wrong with a call; each has one HTTP status. The set is closed and documented in docs/api.md. */
export const problemStatus = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  unsupported_media_type: 415,
  busy: 429,
  internal: 500,
  unavailable: 503,
} as const
export type ProblemCode = keyof typeof problemStatus

/** A refusal of the API's: what is wrong, and what to do about it. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly remedy: string
  constructor(code: ProblemCode, message: string, remedy: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'Problem'
    this.code = code
    this.remedy = remedy
  }
}

/** RFC 9457; `instance` is the request's id, which the log lines carry too. */
export function problemBody(problem: Problem, requestId: string): Readonly<Record<string, unknown>> {
  const status = problemStatus[problem.code]
  return {
    type: `urn:gitsudo:problem:${problem.code}`,
    title: problem.code.replaceAll('_', ' '),
    status,
    detail: problem.message,
    remedy: problem.remedy,
    instance: requestId,
  }
}

/** Any error as a problem: fastify's own by their status, trouble elsewhere as `unavailable`, the rest as a fault of ours. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof PolicyLoadError) return unusable(error)
  const { statusCode, code, message } = fieldsOf(error)
  if (statusCode === 413) return new Problem('too_large', message, 'send a smaller body', { cause: error })
  if (statusCode === 415)
    return new Problem('unsupported_media_type', message, 'send application/json', { cause: error })
  if (statusCode === 400)
    return new Problem('invalid', message, 'mend the call; docs/api.md lists what each one takes', {
      cause: error,
    })
  if (statusCode === 503 || code === 'unavailable' || code === 'rate_limited')
    return new Problem(
      'unavailable',
      `Something that gitsudo needs does not answer: ${message}`,
      'try again in a minute; /readyz names what is missing',
      { cause: error },
    )
  return new Problem(
    'internal',
    'gitsudo failed to answer this.',
    'give the instance id to those who run gitsudo; the log holds the cause',
    { cause: error },
  )
}

/** Accepted policies that no policy can be asked of: faults of theirs wait for a person, the rest for another try. */
function unusable(error: PolicyLoadError): Problem {
  const [first] = error.faults
  const more = error.faults.length > 1 ? ` (and ${error.faults.length - 1} more faults)` : ''
  const where = first === undefined ? error.message : `${first.file}:${first.line}: ${first.message}`
  const remedy = first?.remedy ?? 'gitsudo policy check lists every fault'
  return new Problem(
    error.code === 'invalid' ? 'conflict' : 'unavailable',
    `The accepted policies cannot be used: ${where}${more}.`,
    error.code === 'invalid'
      ? `${remedy}; gitsudo policy check finds the rest, and a pull request mends it`
      : remedy,
    { cause: error },
  )
}

function fieldsOf(error: unknown): {
  readonly statusCode?: unknown
  readonly code?: unknown
  readonly message: string
} {
  if (!(error instanceof Error)) return { message: String(error) }
  return {
    message: error.message,
    ...('statusCode' in error ? { statusCode: error.statusCode } : {}),
    ...('code' in error ? { code: error.code } : {}),
  }
}
