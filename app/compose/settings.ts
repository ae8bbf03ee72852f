import { awsReach } from '../config/clouds/aws.ts'
import type { Config } from '../config.ts'
import type { Settings } from '../reconcile/ports/settings.ts'

/** What the reconcilers need to know of the configuration. */
export const settingsOf = (config: Config): Settings => ({
  instance: config.instance,
  repositories: new Map(
    config.repositories.map(({ name, ...repository }) => [repository.id, { ...repository, fullName: name }]),
  ),
  administrators: config.administrators,
  pendingTtlMs: config.pendingTtlMs,
  grantWindowMs: config.grantWindowMs,
  ...(config.providers.aws === undefined ? {} : { clouds: { aws: awsReach(config.providers.aws) } }),
})
