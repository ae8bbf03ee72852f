import { awsReach } from '../config/clouds/aws.ts'
import { configuredOf } from '../config/providers.ts'
import type { Config } from '../config.ts'
import type { Reach } from '../grant/grantable.ts'
import type { Settings } from '../reconcile/ports/settings.ts'

const reachOf = ({ aws, azure }: Config['providers']): Reach => ({
  ...(aws === undefined ? {} : { aws: awsReach(aws) }),
  ...(azure === undefined ? {} : { azure: { mode: azure.mode } }),
})

/** What the reconcilers need to know of the configuration. */
export const settingsOf = (config: Config): Settings => ({
  instance: config.instance,
  repositories: new Map(
    config.repositories.map(({ name, ...repository }) => [repository.id, { ...repository, fullName: name }]),
  ),
  administrators: config.administrators,
  pendingTtlMs: config.pendingTtlMs,
  grantWindowMs: config.grantWindowMs,
  clouds: reachOf(config.providers),
  configured: configuredOf(config.providers),
})
