/** A request file without fault, for tests to spoil. */
export const goodFile = `apiVersion: gitsudo.dev/v1
kind: AccessRequest
spec:
  requester: alice
  provider: aws
  role: prod-infra-admin
  scope: "123456789012"
  duration: 2h
  reason: INC-4421 ECS tasks crash-looping
  ticket: INC-4421
  startsAt: 2026-12-01T08:00:00Z
  breakGlass: false
  metadata: {service: checkout}
`

export const goodPath = 'requests/2026/12/alice-prod.yaml'

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
