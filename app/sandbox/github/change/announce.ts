import { repositoryShape } from '../shapes/repository.ts'
import { nodeId } from '../shapes/time.ts'
import { organisationShape, userById } from '../shapes/user.ts'
import type { App, Installation } from '../state/app.ts'
import type { Repository } from '../state/repository.ts'
import { accountOf, appOf, type World } from '../state/world.ts'

type Body = Record<string, unknown>

/** Events that every App gets, whether it asked or not. */
const ALWAYS = ['installation', 'installation_repositories', 'ping']

function listens(app: App, installation: Installation, event: string): boolean {
  // docs.github.com, "Webhook events and payloads": who may write checks is told of suites without a subscription.
  const unasked = event === 'check_suite' && installation.permissions.checks === 'write'
  return (
    app.hook.url !== '' &&
    installation.suspendedAt === null &&
    (ALWAYS.includes(event) || unasked || app.events.includes(event)) &&
    // docs.github.com, "Webhook events and payloads": only who may read merge queues is told of merge groups.
    (event !== 'merge_group' || installation.permissions.merge_queues !== undefined)
  )
}

/**
 * Tells every App installed on the repository and subscribed to the event. `body` is read only when somebody
 * listens, and at once, so that the payload shows the state at this moment. `only`: of those, whom it concerns.
 */
export async function announce(
  world: World,
  repository: Repository,
  senderId: number,
  event: string,
  action: string | null,
  body: () => Body | Promise<Body>,
  only: (installation: Installation) => boolean = () => true,
): Promise<void> {
  const listeners = world.installations
    .values()
    .filter((each) => each.repositories.has(repository.id) && listens(appOf(world, each.appId), each, event))
    .filter(only)
    .toArray()
  if (listeners.length === 0) return
  const owner = accountOf(world, repository.ownerId)
  const shared = {
    ...(action === null ? {} : { action }),
    ...(await body()),
    repository: repositoryShape(world, repository),
    ...(owner.type === 'Organization' ? { organization: organisationShape(world, owner) } : {}),
    sender: userById(world, senderId),
  }
  for (const installation of listeners) {
    world.outbox.send(appOf(world, installation.appId), {
      event,
      action,
      installationId: installation.id,
      repositoryId: repository.id,
      payload: { ...shared, installation: lite(installation) },
    })
  }
}

/** Tells Apps installed on an organisation about its teams and members. */
export function announceOrganisation(
  world: World,
  organisationId: number,
  senderId: number,
  event: string,
  action: string,
  body: Body,
): void {
  for (const installation of world.installations.values()) {
    const app = appOf(world, installation.appId)
    if (installation.accountId !== organisationId || !listens(app, installation, event)) continue
    world.outbox.send(app, {
      event,
      action,
      installationId: installation.id,
      repositoryId: null,
      payload: {
        action,
        ...body,
        organization: organisationShape(world, accountOf(world, organisationId)),
        sender: userById(world, senderId),
        installation: lite(installation),
      },
    })
  }
}

/** Tells an App about its own installation; it hears of a suspension too. */
export function announceInstallation(
  world: World,
  installation: Installation,
  senderId: number,
  event: 'installation' | 'installation_repositories',
  action: string,
  body: Body,
): void {
  world.outbox.send(appOf(world, installation.appId), {
    event,
    action,
    installationId: installation.id,
    repositoryId: null,
    payload: { action, ...body, sender: userById(world, senderId) },
  })
}

const lite = (installation: Installation) => ({
  id: installation.id,
  node_id: nodeId('INS', installation.id),
})
