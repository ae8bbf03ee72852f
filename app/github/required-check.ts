import { checkName } from './checks.ts'
import { orUndefined } from './or-undefined.ts'
import type { RepositoryClient } from './repository-client.ts'

/**
 * Whose check of our name the branch requires, by its protection and by rulesets: anybody can post one (trust.md 6.06c).
 */
export async function requiredCheck(
  { client, appId, at }: RepositoryClient,
  branch: string,
): Promise<'ours' | 'anybody' | 'none'> {
  const { data } = await client.rest.repos.getBranch({ ...at, branch })
  const protection = data.protection?.required_status_checks
  const rules = await orUndefined(client.rest.repos.getBranchRules({ ...at, branch, per_page: 100 }))
  const apps = [
    ...(protection?.checks ?? []).map(({ context, app_id: app }) => ({ context, app })),
    ...(rules?.data ?? []).flatMap((rule) =>
      rule.type === 'required_status_checks'
        ? (rule.parameters?.required_status_checks ?? []).map(({ context, integration_id: app }) => ({
            context,
            app: app ?? null,
          }))
        : [],
    ),
  ].flatMap(({ context, app }) => (context === checkName ? [app] : []))
  if (apps.includes(appId)) return 'ours'
  // GitHub writes -1 where any App will do.
  return apps.some((app) => app === null || app === -1) ? 'anybody' : 'none'
}
