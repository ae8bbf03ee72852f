import type { FastifyInstance } from 'fastify'
import type { ServerDeps } from '../deps.ts'
import { Problem } from '../problem.ts'

/** GitHub sends at most 25 MB (GitHub docs, "Webhook events and payloads"). */
const largestPayload = 25 * 1024 * 1024
/** So much of calls under way, of whose signatures nothing is known yet; what is refused then, catching up makes good. */
const mostUnderWay = 100 * 1024 * 1024

/** The one path that GitHub calls. Its body stays bytes: the signature is over them, and only they have a meaning. */
export function webhookRoutes(app: FastifyInstance, deps: Pick<ServerDeps, 'intake'>): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    let underWay = 0
    scope.addHook('onRequest', async (request, reply) => {
      const length = Math.min(Number(request.headers['content-length'] ?? largestPayload), largestPayload)
      if (underWay + length > mostUnderWay)
        throw new Problem('unavailable', 'Too much is being received.', 'send it again in a minute')
      underWay += length
      reply.raw.once('close', () => {
        underWay -= length
      })
    })
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
