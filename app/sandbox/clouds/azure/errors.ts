/** An answer other than success, as Resource Manager writes it. */
export class AzureError extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

export const errorBody = ({ code, message }: AzureError) => ({ error: { code, message } })

export const invalid = (code: string, message: string) => new AzureError(400, code, message)

export const denied = (action: string, scope: string) =>
  new AzureError(
    403,
    'AuthorizationFailed',
    `The client 'gitsudo' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid.`,
  )

export const unauthenticated = () =>
  new AzureError(401, 'InvalidAuthenticationToken', 'The access token is invalid or has expired.')

export const conflicting = () =>
  new AzureError(409, 'Conflict', 'Another operation is in progress on the resource.')

export const throttled = () =>
  new AzureError(429, 'TooManyRequests', 'The request is being throttled as the limit has been reached.')

export const unavailable = () =>
  new AzureError(503, 'ServiceUnavailable', 'The service is temporarily unavailable.')

export const broken = () =>
  new AzureError(500, 'InternalServerError', 'The server encountered an internal error.')
