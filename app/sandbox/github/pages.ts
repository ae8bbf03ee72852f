import { randomBytes } from 'node:crypto'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Permissions } from './state/app.ts'
import { findAccount, type World } from './state/world.ts'

const CODE_LIFE_MS = 3_600_000

/**
 * The pages of the App manifest flow. There are no passwords here: the person chooses who to be.
 * https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
 */
export function addPages(world: World, server: FastifyInstance): void {
  const form =
    (owner: string | null) => (query: Record<string, string>, body: string, reply: FastifyReply) => {
      const manifest = new URLSearchParams(body).get('manifest') ?? '{}'
      const parsed = readManifest(manifest)
      if (typeof parsed === 'string') return html(reply, 422, `<p>${escaped(parsed)}</p>`)
      const owners = world.accounts.values().filter((account) => account.type !== 'Bot' && !account.removed)
      const options = owner === null ? owners.map((account) => account.login).toArray() : [owner]
      return html(
        reply,
        200,
        `<form method="post" action="/settings/apps/manifest">
<h1>Create GitHub App for</h1>
<select name="owner">${options.map((login) => `<option>${escaped(login)}</option>`).join('')}</select>
<input name="name" value="${escaped(parsed.name)}">
<input type="hidden" name="state" value="${escaped(query.state ?? '')}">
<input type="hidden" name="manifest" value="${escaped(manifest)}">
<button>Create GitHub App</button></form>`,
      )
    }
  server.post('/settings/apps/new', (request, reply) =>
    form(null)(request.query as Record<string, string>, String(request.body), reply),
  )
  server.post('/organizations/:org/settings/apps/new', (request, reply) => {
    const { org } = request.params as { org: string }
    return form(org)(request.query as Record<string, string>, String(request.body), reply)
  })
  server.post('/settings/apps/manifest', (request, reply) => {
    const fields = new URLSearchParams(String(request.body))
    const parsed = readManifest(fields.get('manifest') ?? '')
    const owner = findAccount(world, fields.get('owner') ?? '')
    if (typeof parsed === 'string') return html(reply, 422, `<p>${escaped(parsed)}</p>`)
    if (!owner) return html(reply, 422, '<p>There is no such owner.</p>')
    const code = randomBytes(20).toString('hex')
    const name = fields.get('name') || parsed.name
    world.manifests.set(code, {
      ...parsed,
      name,
      ownerId: owner.id,
      expiresAt: world.clock.now() + CODE_LIFE_MS,
    })
    const target = new URL(parsed.redirectUrl)
    target.searchParams.set('code', code)
    const state = fields.get('state')
    if (state) target.searchParams.set('state', state)
    return reply.redirect(target.href, 302)
  })
}

type Manifest = {
  readonly name: string
  readonly redirectUrl: string
  readonly webhookUrl: string
  readonly permissions: Permissions
  readonly events: string[]
}

/** Reads a manifest, or says in words what is wrong with it. */
function readManifest(text: string): Manifest | string {
  let value: Record<string, unknown>
  try {
    value = Object(JSON.parse(text))
  } catch {
    return 'The manifest is not valid JSON.'
  }
  const hook = Object(value.hook_attributes)
  if (typeof value.url !== 'string') return 'Invalid manifest: url is required.'
  if (typeof value.redirect_url !== 'string' || !URL.canParse(value.redirect_url))
    return 'Invalid manifest: redirect_url must be an address.'
  const permissions: Permissions = {}
  for (const [name, level] of Object.entries(Object(value.default_permissions))) {
    if (!(level === 'read' || level === 'write' || level === 'admin'))
      return `Invalid manifest: permission ${name} must be read, write or admin.`
    permissions[name] = level
  }
  const events = Array.isArray(value.default_events) ? value.default_events.map(String) : []
  return {
    name: typeof value.name === 'string' ? value.name : 'app',
    redirectUrl: value.redirect_url,
    webhookUrl: typeof hook.url === 'string' ? hook.url : '',
    permissions,
    events,
  }
}

export function html(reply: FastifyReply, status: number, body: string) {
  return reply
    .code(status)
    .type('text/html; charset=utf-8')
    .send(`<!doctype html>\n<meta charset="utf-8">\n${body}\n`)
}

export const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
