import { created, post, type Route } from '../call.ts'
import { addApp, appWithSecrets } from '../change/app.ts'
import { notFound } from '../errors.ts'
import { randomHex } from '../tokens.ts'

/** `POST /app-manifests/{code}/conversions`: a code is good once, for an hour. */
export const manifestRoutes: readonly Route[] = [
  post('/app-manifests/{code}/conversions', (call) => {
    const { world } = call
    const manifest = world.manifests.get(call.param('code'))
    if (!manifest || manifest.expiresAt <= world.clock.now()) throw notFound()
    world.manifests.delete(call.param('code'))
    const base = manifest.name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-|-$/g, '')
    const taken = (slug: string) => world.apps.values().some((app) => app.slug === slug)
    let slug = base
    for (let n = 1; taken(slug); n++) slug = `${base}-${n}`
    const { app, privateKey } = addApp(world, { ...manifest, slug, webhookSecret: randomHex(20) })
    return created(appWithSecrets(world, app, privateKey))
  }),
]
