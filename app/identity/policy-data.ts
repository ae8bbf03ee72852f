import type { Directory } from './directory.ts'

/**
 * What policies see as `data.identities` (by login), `data.groups` (by name) and `data.roles` (by provider,
 * then role), in snake_case like their input. E-mail addresses of others and OIDC subjects stay out: no rule
 * needs them, and what a policy sees is stored as evidence.
 */
export function policyData({ identities, groups, roles }: Directory) {
  const catalogue: Record<string, Record<string, unknown>> = {}
  for (const { provider, role, scopes, cloudRole, maxDurationSeconds, owners, offline, chain } of roles) {
    const entry = {
      scopes,
      cloud_role: cloudRole,
      max_duration_seconds: maxDurationSeconds,
      owners,
      offline,
      chain,
    }
    catalogue[provider] = { ...catalogue[provider], [role]: entry }
  }
  return {
    identities: Object.fromEntries(
      identities.map(({ login, id, trustTier, blocked }) => [login, { id, trust_tier: trustTier, blocked }]),
    ),
    groups: Object.fromEntries(groups.map(({ name, ...group }) => [name, group])),
    roles: catalogue,
  }
}
