import { announceInstallation } from '../change/announce.ts'
import { type AppOrder, addApp, install, leave, pingApp, suspend, uninstall } from '../change/app.ts'
import { installationShape } from '../shapes/app.ts'
import type { AppSettings, Permissions } from '../state/app.ts'
import type { World } from '../state/world.ts'
import type { Find } from './find.ts'

/** Apps and their installations. */
export function appAdmin(world: World, find: Find) {
  return {
    /** Owned by `owner`, else by GitHub itself. Without an address it gets no webhooks. */
    createApp(order: Omit<Partial<AppOrder>, 'ownerId'> & { slug: string; owner?: string }): {
      id: number
      slug: string
      privateKey: string
      clientId: string
      clientSecret: string
      webhookSecret: string
      botId: number
    } {
      const { app, privateKey } = addApp(world, {
        name: order.slug,
        webhookUrl: '',
        webhookSecret: '',
        permissions: {},
        events: [],
        ...order,
        ownerId: order.owner === undefined ? world.webFlow.id : find.account(order.owner).id,
      })
      const { id, slug, clientId, clientSecret, hook, botId } = app
      return { id, slug, privateKey, clientId, clientSecret, webhookSecret: hook.secret, botId }
    },
    setAppWebhook(slug: string, hook: { url?: string; secret?: string }): void {
      const app = find.app(slug)
      Object.assign(app.hook, hook)
      pingApp(world, app)
    },
    setAppSettings(slug: string, settings: Partial<AppSettings>): void {
      const app = find.app(slug)
      app.settings = { ...app.settings, ...settings }
    },
    /** Changes what the App may do, on its installations too, as if every owner had accepted. */
    setAppPermissions(slug: string, permissions: Permissions, events?: readonly string[]): void {
      const app = find.app(slug)
      app.permissions = { ...permissions }
      if (events) app.events = [...events]
      for (const installation of world.installations.values()) {
        if (installation.appId !== app.id) continue
        installation.permissions = { ...permissions }
        announceInstallation(
          world,
          installation,
          installation.accountId,
          'installation',
          'new_permissions_accepted',
          {
            installation: installationShape(world, installation),
          },
        )
      }
    },
    /** Gives the installation's id. */
    installApp(slug: string, repo: string): number {
      return install(world, find.app(slug), find.repository(repo)).id
    },
    removeFromInstallation(installationId: number, repo: string): void {
      leave(world, find.installation(installationId), find.repository(repo))
    },
    suspendInstallation(installationId: number, suspended = true): void {
      const installation = find.installation(installationId)
      suspend(world, installation, installation.accountId, suspended)
    },
    uninstallApp(installationId: number): void {
      const installation = find.installation(installationId)
      uninstall(world, installation, installation.accountId)
    },
  }
}
