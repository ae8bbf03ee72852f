import { until } from '../../../app/sandbox/until.ts'
import type { Login } from '../../../app/sandbox/world.ts'
import type { AttackWorld } from './world.ts'

type Rule = { readonly groupSize?: number; readonly minimum?: number }

/** The branch gets a merge queue beside the check of ours that it requires, and those of others. */
export const requireQueue = async (
  t: AttackWorld,
  rule: Rule = {},
  others: readonly string[] = [],
): Promise<void> => {
  t.github.admin.protectBranch(t.repository.fullName, 'main', {
    requiredChecks: [...(await ownChecks(t)), ...others.map((context) => ({ context }))],
    mergeQueue: rule,
  })
}

const ownChecks = async (t: AttackWorld) => {
  const { body } = await t.people.erin.api('GET', `/repos/${t.repository.fullName}/branches/main`)
  const { protection } = body as {
    protection: { required_status_checks: { checks: readonly { context: string; app_id: number }[] } }
  }
  return protection.required_status_checks.checks
    .filter(({ context }) => context === 'gitsudo')
    .map(({ context, app_id: appId }) => ({ context, appId }))
}

/** The branch has a queue and requires no check, while this lasts. */
export const requiringNothing = async (t: AttackWorld, meanwhile: () => Promise<unknown>): Promise<void> => {
  const requiredChecks = await ownChecks(t)
  const { admin } = t.github
  admin.protectBranch(t.repository.fullName, 'main', { mergeQueue: {} })
  try {
    await meanwhile()
  } finally {
    admin.protectBranch(t.repository.fullName, 'main', { requiredChecks, mergeQueue: {} })
  }
}

/** What GitHub's GraphQL says to a mutation about a pull request; null: nothing against it. */
export const mutate = async (
  t: Pick<AttackWorld, 'api' | 'github' | 'people'>,
  who: Login,
  mutation: string,
  pull: number,
  more: object = {},
): Promise<string | null> => {
  const { node_id: pullRequestId } = await t.api<{ node_id: string }>('GET', `/pulls/${pull}`)
  const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input!`
  const response = await fetch(`${t.github.url}/api/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${t.people[who].token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      query: `mutation($input: ${type}) { ${mutation}(input: $input) { clientMutationId } }`,
      variables: { input: { pullRequestId, ...more } },
    }),
  })
  const { errors } = (await response.json()) as { errors?: readonly { message: string }[] }
  return errors?.[0]?.message ?? null
}

/** Somebody's own check passes on a commit. */
export const otherCheck = (t: AttackWorld, head: string, context: string): Promise<unknown> =>
  t.api('POST', `/statuses/${head}`, { state: 'success', context })

/** The head of the queue's group in which this pull request comes last, once there is one. */
export const groupOf = (t: AttackWorld, pull: number): Promise<string> =>
  until(`a merge group up to ${pull}`, async () => {
    const refs = await t.api<readonly { ref: string; object: { sha: string } }[]>(
      'GET',
      `/git/matching-refs/heads/gh-readonly-queue/main/pr-${pull}-`,
    )
    return refs[0]?.object.sha
  })
