import type { FastifyInstance } from 'fastify'
import type { ServerDeps } from '../deps.ts'

/** GitHub sends at most 25 MB (GitHub docs, "Webhook events and payloads"). */
const largestPayload = 25 * 1024 * 1024

/** The one path that GitHub calls. Its body stays bytes: the signature is over them, and only they have a meaning. */
export function webhookRoutes(app: FastifyInstance, deps: Pick<ServerDeps, 'intake'>): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: largestPayload },
      (_request, body, done) => done(null, body),
    )
    scope.post('/webhooks/github', { bodyLimit: largestPayload }, async (request, reply) => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [
          name,
          Array.isArray(value) ? value.join(', ') : value,
        ]),
      )
      const { status, body } = await deps.intake(
        headers,
        Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
      )
      return reply.code(status).send(body)
    })
  })
}
