import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { appShape, installationShape } from '../shapes/app.ts'
import { repositoryStub } from '../shapes/repository.ts'
import { iso } from '../shapes/time.ts'
import { userById } from '../shapes/user.ts'
import type { App, AppSettings, Installation, Permissions } from '../state/app.ts'
import type { Repository } from '../state/repository.ts'
import { repositoryOf, type World } from '../state/world.ts'
import { randomHex } from '../tokens.ts'
import { addAccount } from './account.ts'
import { announceInstallation } from './announce.ts'

export type AppOrder = {
  readonly slug: string
  readonly name: string
  readonly ownerId: number
  readonly webhookUrl: string
  readonly webhookSecret: string
  readonly permissions: Permissions
  readonly events: readonly string[]
  readonly settings?: Partial<AppSettings>
}

/** Registers an App with its bot. The private key (PEM, PKCS #1 as GitHub hands it out) is kept nowhere. */
export function addApp(world: World, order: AppOrder): { app: App; privateKey: string } {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  })
  const bot = addAccount(world, { login: `${order.slug}[bot]`, type: 'Bot' })
  const app: App = {
    id: world.nextId(),
    slug: order.slug,
    name: order.name,
    ownerId: order.ownerId,
    botId: bot.id,
    clientId: `Iv23${randomHex(8)}`,
    clientSecret: randomHex(20),
    publicKey: createPublicKey(privateKey),
    createdAt: world.clock.now(),
    permissions: { ...order.permissions },
    events: [...order.events],
    // As GitHub makes them: the device flow is off, and tokens expire.
    settings: { deviceFlow: false, userTokensExpire: true, ...order.settings },
    hook: {
      id: world.nextId(),
      url: order.webhookUrl,
      secret: order.webhookSecret,
      contentType: 'json',
      insecureSsl: '0',
    },
    deliveries: [],
  }
  world.apps.set(app.id, app)
  pingApp(world, app)
  return { app, privateKey }
}

/** Sends `ping`, as GitHub does when a hook is made or changed. */
export function pingApp(world: World, app: App): void {
  const api = `${world.url}/api/v3/app/hook`
  world.outbox.send(app, {
    event: 'ping',
    action: null,
    installationId: null,
    repositoryId: null,
    payload: {
      zen: 'Keep it logically awesome.',
      hook_id: app.hook.id,
      hook: {
        type: 'App',
        id: app.hook.id,
        name: 'web',
        active: true,
        app_id: app.id,
        events: [...app.events],
        config: {
          content_type: app.hook.contentType,
          url: app.hook.url,
          insecure_ssl: app.hook.insecureSsl,
          secret: '********',
        },
        updated_at: iso(world.clock.now()),
        created_at: iso(app.createdAt),
        url: `${api}/config`,
        ping_url: `${api}/pings`,
        deliveries_url: `${api}/deliveries`,
      },
    },
  })
}

/** Installs the App on the repository's owner, or adds the repository to the installation that is there. */
export function install(world: World, app: App, repository: Repository): Installation {
  const accountId = repository.ownerId
  const known = world.installations
    .values()
    .find((each) => each.appId === app.id && each.accountId === accountId)
  const stub = [repositoryStub(world, repository)]
  if (known) {
    if (known.repositories.has(repository.id)) return known
    known.repositories.add(repository.id)
    announceInstallation(world, known, accountId, 'installation_repositories', 'added', {
      installation: installationShape(world, known),
      repository_selection: 'selected',
      repositories_added: stub,
      repositories_removed: [],
      requester: null,
    })
    return known
  }
  const installation: Installation = {
    id: world.nextId(),
    appId: app.id,
    accountId,
    repositories: new Set([repository.id]),
    createdAt: world.clock.now(),
    permissions: { ...app.permissions },
    suspendedAt: null,
    suspendedById: null,
  }
  world.installations.set(installation.id, installation)
  announceInstallation(world, installation, accountId, 'installation', 'created', {
    installation: installationShape(world, installation),
    repositories: stub,
  })
  return installation
}

/** Takes the repository out of the App's installation. */
export function leave(world: World, installation: Installation, repository: Repository): void {
  if (!installation.repositories.delete(repository.id)) return
  announceInstallation(world, installation, installation.accountId, 'installation_repositories', 'removed', {
    installation: installationShape(world, installation),
    repository_selection: 'selected',
    repositories_added: [],
    repositories_removed: [repositoryStub(world, repository)],
    requester: null,
  })
}

/** Stops the App from doing anything there, or lets it go on; the App hears of it. */
export function suspend(world: World, installation: Installation, byId: number, suspended: boolean): void {
  installation.suspendedAt = suspended ? world.clock.now() : null
  installation.suspendedById = suspended ? byId : null
  announceInstallation(world, installation, byId, 'installation', suspended ? 'suspend' : 'unsuspend', {
    installation: installationShape(world, installation),
  })
}

/** Takes the App away from the account; its tokens die. */
export function uninstall(world: World, installation: Installation, byId: number): void {
  world.installations.delete(installation.id)
  announceInstallation(world, installation, byId, 'installation', 'deleted', {
    installation: installationShape(world, installation),
    repositories: [...installation.repositories].map((id) => repositoryStub(world, repositoryOf(world, id))),
  })
}

/** What the conversion of a manifest answers: the App with its secrets, this once. */
export function appWithSecrets(world: World, app: App, privateKey: string) {
  return {
    ...appShape(world, app),
    owner: userById(world, app.ownerId),
    client_id: app.clientId,
    client_secret: app.clientSecret,
    webhook_secret: app.hook.secret,
    pem: privateKey,
  }
}
