import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { until } from '../../../app/sandbox/until.ts'
import type { Login } from '../../../app/sandbox/world.ts'
import { type AttackWorld, kept, ownWorld } from './world.ts'

export type Proposal = { readonly number: number; readonly head: string; readonly branch: string }
/** Path below `policies/` → what becomes of its text. */
export type Edits = Readonly<Record<string, (text: string) => string>>

/** Proposals are tried, accepted and loaded, and then everything that waits is decided anew. */
export const slow = { timeout: 150_000 }

let shared: Promise<AttackWorld> | undefined

/** As `attackWorld`, for attacks on the policies themselves: each leaves them as good as it found them, or changes what no other reads. */
export const policyWorld = (): Promise<AttackWorld> => {
  shared ??= ownWorld({ merge: 'manual', others: ['second'] }).then(kept)
  return shared
}

/** Replaces text that has to be there. */
export const swap =
  (from: string, to: string) =>
  (text: string): string => {
    expect(text).toContain(from)
    return text.replace(from, to)
  }

/** Commits edits of main's policies on a branch of their own, or on `branch` where given, and pushes it. */
export const edit = async (
  t: AttackWorld,
  branch: string,
  edits: Edits,
  who: Login = 'alice',
): Promise<string> => {
  const made = await t.clone(who)
  if (branch !== 'main') await made.git('switch', '--quiet', '--create', branch)
  for (const [name, change] of Object.entries(edits)) {
    const path = join(made.dir, 'policies', name)
    await writeFile(path, change(await readFile(path, 'utf8')))
  }
  const head = await made.commit({})
  await made.git('push', '--quiet', 'origin', branch)
  return head
}

/** Opens a pull request that edits policies. */
export const propose = async (
  t: AttackWorld,
  slug: string,
  edits: Edits,
  who: Login = 'alice',
): Promise<Proposal> => {
  const branch = `policy/${slug}`
  const head = await edit(t, branch, edits, who)
  const { number } = await t.people[who].openPull(branch, `Policies: ${slug}`)
  return { number, head, branch }
}

type Status = {
  readonly repositories: readonly {
    readonly id: number
    readonly accepted_commit: string
    readonly troubles: readonly string[]
  }[]
}
/** What the service says of the repository, as `gitsudo server status` shows it. */
const statusOf = async (t: AttackWorld): Promise<Status['repositories'][number]> => {
  const answer = await fetch(`${t.service.url}/api/v1/server/status`, {
    headers: { authorization: `Bearer ${t.people.erin.token}` },
  })
  const found = ((await answer.json()) as Status).repositories.find(({ id }) => id === t.repository.id)
  if (found === undefined) throw new Error(`no status: ${answer.status}`)
  return found
}
export const acceptedBy = async (t: AttackWorld): Promise<string> => (await statusOf(t)).accepted_commit

/** What the status says of policies on the branch that nobody accepted. */
export const drift = async (t: AttackWorld): Promise<string> => {
  // The verdict that is shown is the last that is sealed.
  await t.allSealed()
  return (await statusOf(t)).troubles.filter((one) => one.includes('policies that are not accepted')).join()
}

/** Sealed events about the policies of the repository, as `type commit`. */
export const policyEvents = async (t: AttackWorld): Promise<readonly string[]> => {
  await t.allSealed()
  const rows = await t.query<{ type: string; commit: string }>(
    `select type, commit from audit_events where type like 'policy.%' and repo_id = $1 order by seq`,
    [t.repository.id],
  )
  return rows.map(({ type, commit }) => `${type} ${commit}`)
}

/** The policy owner erin approves, the check passes, the merge is accepted and loaded; answers its commit. */
export const accept = async (t: AttackWorld, { number, head }: Proposal): Promise<string> => {
  await t.approve(number, 'erin')
  await t.checked(head, 'success')
  const commit = await t.land(number)
  await until(`policies at ${commit.slice(0, 10)} to be loaded`, async () =>
    (await policyEvents(t)).includes(`policy.loaded ${commit}`),
  )
  expect(await acceptedBy(t)).toBe(commit)
  return commit
}

/** Waits until the merged proposal is refused and says so on its pull request; `before` stays in force. */
export const notAccepted = async (
  t: AttackWorld,
  { number }: Proposal,
  commit: string,
  before: string,
  mention: string,
): Promise<void> => {
  await t.commented(number, 'not accepted')
  await t.commented(number, mention)
  await t.alerted('policy.not_accepted', { commit })
  const events = await policyEvents(t)
  expect(events).toContain(`policy.refused ${commit}`)
  expect(events).not.toContain(`policy.accepted ${commit}`)
  expect(await acceptedBy(t)).toBe(before)
  expect(await drift(t)).toContain('policies that are not accepted')
  expect(
    t.replica.alerts.filter((one) => one.event === 'policy.not_accepted' && one.commit === commit),
  ).toHaveLength(1)
}

/** An administrator puts the accepted policies back on the branch, past every check. */
export const restore = async (t: AttackWorld, accepted: string): Promise<void> => {
  const made = await t.clone('erin')
  await made.git('checkout', '--quiet', accepted, '--', 'policies')
  await made.commit({})
  await made.git('push', '--quiet', 'origin', 'main')
}
