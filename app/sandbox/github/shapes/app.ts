import type { components } from '@octokit/openapi-types'
import type { App, Installation } from '../state/app.ts'
import { accountOf, appOf, type World } from '../state/world.ts'
import { iso, isoOrNull, nodeId } from './time.ts'
import { userById } from './user.ts'

/** An App as everybody sees it. */
export function appShape(world: World, app: App) {
  return {
    id: app.id,
    slug: app.slug,
    node_id: nodeId('A', app.id),
    owner: userById(world, app.ownerId),
    name: app.name,
    description: null as string | null,
    external_url: `${world.url}/apps/${app.slug}`,
    html_url: `${world.url}/apps/${app.slug}`,
    created_at: iso(app.createdAt),
    updated_at: iso(app.createdAt),
    permissions: { ...app.permissions },
    events: [...app.events],
  } satisfies components['schemas']['integration']
}

/** An installation as its App sees it. */
export function installationShape(world: World, installation: Installation) {
  const app = appOf(world, installation.appId)
  const account = accountOf(world, installation.accountId)
  const api = `${world.url}/api/v3`
  return {
    id: installation.id,
    account: userById(world, account.id),
    repository_selection: 'selected',
    access_tokens_url: `${api}/app/installations/${installation.id}/access_tokens`,
    repositories_url: `${api}/installation/repositories`,
    html_url:
      account.type === 'Organization'
        ? `${world.url}/organizations/${account.login}/settings/installations/${installation.id}`
        : `${world.url}/settings/installations/${installation.id}`,
    app_id: app.id,
    app_slug: app.slug,
    target_id: account.id,
    target_type: account.type === 'Organization' ? 'Organization' : 'User',
    permissions: { ...installation.permissions },
    events: [...app.events],
    created_at: iso(installation.createdAt),
    updated_at: iso(installation.suspendedAt ?? installation.createdAt),
    single_file_name: null as string | null,
    has_multiple_single_files: false,
    single_file_paths: [] as string[],
    suspended_by: installation.suspendedById === null ? null : userById(world, installation.suspendedById),
    suspended_at: isoOrNull(installation.suspendedAt),
  } satisfies components['schemas']['installation']
}
