/** An answer other than success, as Google writes it (AIP-193). */
export class GoogleError extends Error {
  readonly code: number
  readonly status: string
  readonly details: readonly Readonly<Record<string, unknown>>[]
  constructor(
    code: number,
    status: string,
    message: string,
    details: readonly Readonly<Record<string, unknown>>[] = [],
  ) {
    super(message)
    this.code = code
    this.status = status
    this.details = details
  }
}

export const errorBody = ({ code, status, message, details }: GoogleError) => ({
  error: { code, message, status, ...(details.length === 0 ? {} : { details }) },
})

export const invalid = (message: string) => new GoogleError(400, 'INVALID_ARGUMENT', message)

/** The one answer for what may not be done and for what is not there. */
export const denied = (permission: string, resource: string) =>
  new GoogleError(
    403,
    'PERMISSION_DENIED',
    `Permission '${permission}' denied on resource '//cloudresourcemanager.googleapis.com/${resource}' (or it may not exist).`,
  )

export const unauthenticated = () =>
  new GoogleError(
    401,
    'UNAUTHENTICATED',
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
  )

export const conflicting = () =>
  new GoogleError(
    409,
    'ABORTED',
    'There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.',
  )

export const throttled = () =>
  new GoogleError(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded for quota metric ’Policy write requests’.', [
    { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'RATE_LIMIT_EXCEEDED' },
  ])

export const unavailable = () => new GoogleError(503, 'UNAVAILABLE', 'The service is currently unavailable.')

export const broken = () => new GoogleError(500, 'INTERNAL', 'Internal error encountered.')
