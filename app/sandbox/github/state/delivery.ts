/** One attempt at one webhook delivery, as `GET /app/hook/deliveries` shows it. */
export type Delivery = {
  readonly id: number
  readonly guid: string
  readonly event: string
  readonly action: string | null
  readonly installationId: number | null
  readonly repositoryId: number | null
  readonly redelivery: boolean
  /** The bytes that were signed and sent. */
  readonly body: string
  deliveredAt: number
  durationSeconds: number
  /** `OK`, or what went wrong in GitHub's words. */
  status: string
  statusCode: number
  requestHeaders: Record<string, string>
  responseHeaders: Record<string, string>
  responseBody: string | null
}
