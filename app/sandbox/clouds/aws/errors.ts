/** An answer other than success, as AWS names it. */
export class AwsError extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

export const invalid = (message: string, code = 'ValidationError') => new AwsError(400, code, message)
export const missing = (what: string) => new AwsError(404, 'NoSuchEntity', `${what} cannot be found.`)
export const malformed = (message: string) => new AwsError(400, 'MalformedPolicyDocument', message)
export const full = (message: string) => new AwsError(409, 'LimitExceeded', message)

/** `who` and `resource` by ARN. */
export const denied = (who: string, action: string, resource: string) =>
  new AwsError(
    403,
    'AccessDenied',
    `User: ${who} is not authorized to perform: ${action} on resource: ${resource}`,
  )
