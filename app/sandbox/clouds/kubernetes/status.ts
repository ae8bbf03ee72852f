/** An answer other than success, as the API server writes it (Kubernetes API conventions, "Response Status Kind"). */
export class StatusError extends Error {
  readonly code: number
  readonly reason: string
  readonly details: Readonly<Record<string, unknown>>
  constructor(
    code: number,
    reason: string,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message)
    this.code = code
    this.reason = reason
    this.details = details
  }
}

export const statusBody = ({ code, reason, message, details }: StatusError) => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message,
  reason,
  details,
  code,
})

/** What a resource is called with its group: `rolebindings.rbac.authorization.k8s.io`. */
export const qualified = (resource: string, group: string): string =>
  group === '' ? resource : `${resource}.${group}`

export const notFound = (resource: string, group: string, name: string) =>
  new StatusError(404, 'NotFound', `${qualified(resource, group)} "${name}" not found`, {
    name,
    group,
    kind: resource,
  })

export const noSuchPath = () =>
  new StatusError(404, 'NotFound', 'the server could not find the requested resource')

export const taken = (resource: string, group: string, name: string) =>
  new StatusError(409, 'AlreadyExists', `${qualified(resource, group)} "${name}" already exists`, {
    name,
    group,
    kind: resource,
  })

export const conflicting = (resource: string, name: string, why: string) =>
  new StatusError(409, 'Conflict', `Operation cannot be fulfilled on ${resource} "${name}": ${why}`, {
    name,
    kind: resource,
  })

export const forbidden = (message: string, resource: string) =>
  new StatusError(403, 'Forbidden', message, { kind: resource })

export const invalid = (kind: string, name: string, field: string, why: string) =>
  new StatusError(422, 'Invalid', `${kind} "${name}" is invalid: ${field}: ${why}`, {
    name,
    kind,
    causes: [{ reason: 'FieldValueInvalid', message: why, field }],
  })

export const badRequest = (message: string) => new StatusError(400, 'BadRequest', message)

export const unauthorized = () => new StatusError(401, 'Unauthorized', 'Unauthorized')

export const tooMany = () =>
  new StatusError(429, 'TooManyRequests', 'too many requests, please try again later', {
    retryAfterSeconds: 1,
  })

export const unavailable = () =>
  new StatusError(503, 'ServiceUnavailable', 'the server is currently unable to handle the request')

export const broken = () =>
  new StatusError(500, 'InternalError', 'Internal error occurred: etcdserver: request timed out')
