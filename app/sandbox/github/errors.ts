export type FieldError = {
  readonly resource: string
  readonly code: string
  readonly field?: string
  readonly message?: string
}

/** An answer other than success, in GitHub's shape. */
export class GitHubError extends Error {
  readonly status: number
  readonly errors: readonly (FieldError | string)[] | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    message: string,
    errors?: readonly (FieldError | string)[],
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
    this.status = status
    this.errors = errors
    this.headers = headers
  }
}

/** The body that goes with an error. */
export function errorBody(error: GitHubError): Record<string, unknown> {
  return {
    message: error.message,
    ...(error.errors ? { errors: error.errors } : {}),
    documentation_url: 'https://docs.github.com/rest',
    status: String(error.status),
  }
}

export const notFound = () => new GitHubError(404, 'Not Found')
export const forbidden = (message: string) => new GitHubError(403, message)
export const notByIntegration = () => forbidden('Resource not accessible by integration')
export const unauthorised = (message: string) => new GitHubError(401, message)
export const invalid = (message: string) => new GitHubError(422, message)
export const notSupplied = (field: string) => invalid(`Invalid request.\n\n"${field}" wasn't supplied.`)

/** 422 with field errors. */
export const validationFailed = (...errors: (FieldError | string)[]) =>
  new GitHubError(422, 'Validation Failed', errors)

/** 422 with a sentence that GitHub puts under `errors`. */
export const custom = (resource: string, message: string, field?: string) =>
  validationFailed({ resource, code: 'custom', message, ...(field ? { field } : {}) })
