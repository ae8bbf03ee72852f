import type { components } from '@octokit/openapi-types'
import { readCommit } from '../git-objects.ts'
import type { CheckRun, CheckSuite } from '../state/check.ts'
import type { Pull } from '../state/pull.ts'
import type { Repository } from '../state/repository.ts'
import { appOf, type World } from '../state/world.ts'
import { appShape } from './app.ts'
import { simpleCommit } from './commit.ts'
import { repositoryApi, repositoryPage, repositoryShape } from './repository.ts'
import { iso, isoOrNull, nodeId } from './time.ts'

/** Open pull requests from this repository whose head is the commit. */
function pullsOn(world: World, repository: Repository, sha: string) {
  const ref = { id: repository.id, url: repositoryApi(world, repository), name: repository.name }
  const at = (pull: Pull) => pull.head.sha === sha && pull.head.repositoryId === repository.id
  return repository.pulls
    .values()
    .filter((pull) => pull.issue.state === 'open' && at(pull))
    .map((pull) => ({
      url: `${ref.url}/pulls/${pull.issue.number}`,
      id: pull.id,
      number: pull.issue.number,
      head: { ref: pull.head.ref, sha: pull.head.sha, repo: ref },
      base: { ref: pull.base.ref, sha: pull.base.sha, repo: ref },
    }))
    .toArray()
}

/** Those that count: whatever a newer one of the same name took the place of does not. */
const runsOf = (repository: Repository, suite: CheckSuite): CheckRun[] =>
  latestRuns((repository.runsOfHead.get(suite.headSha) ?? []).filter((run) => run.appId === suite.appId))

/** Whether there are check runs and all are completed. */
export function suiteComplete(repository: Repository, suite: CheckSuite): boolean {
  return statusOf(runsOf(repository, suite)) === 'completed'
}

/** The suite of one App on one commit, as the API shows it. */
export async function suiteShape(world: World, repository: Repository, suite: CheckSuite) {
  return {
    ...(await suitePayload(world, repository, suite)),
    repository: repositoryShape(world, repository),
  } satisfies components['schemas']['check-suite']
}

/** The same as webhooks of its own show it. */
export async function suitePayload(world: World, repository: Repository, suite: CheckSuite) {
  const commit = await readCommit(repository.objects, suite.headSha)
  if (!commit) throw new Error(`check suite ${suite.id} has no commit`)
  const own = ownSuite(world, repository, suite)
  return {
    ...own,
    latest_check_runs_count: runsOf(repository, suite).length,
    check_runs_url: `${own.url}/check-runs`,
    head_commit: simpleCommit(commit),
  }
}

/** Of each App's check runs of one name, the newest; oldest first. */
export function latestRuns(runs: readonly CheckRun[]): CheckRun[] {
  return [...new Map(runs.map((run) => [`${run.appId}\n${run.name}`, run])).values()]
}

function statusOf(runs: readonly CheckRun[]): CheckRun['status'] {
  if (runs.length > 0 && runs.every((run) => run.status === 'completed')) return 'completed'
  return runs.some((run) => run.status !== 'queued') ? 'in_progress' : 'queued'
}

function ownSuite(world: World, repository: Repository, suite: CheckSuite) {
  const runs = runsOf(repository, suite)
  const done = suiteComplete(repository, suite)
  const failed = runs.find((run) => !['success', 'neutral', 'skipped'].includes(run.conclusion ?? ''))
  const head = repository.refs
    .entries()
    .find(([ref, sha]) => sha === suite.headSha && ref.startsWith('refs/heads/'))
  return {
    id: suite.id,
    node_id: nodeId('CS', suite.id),
    head_branch: head ? head[0].slice('refs/heads/'.length) : null,
    head_sha: suite.headSha,
    status: statusOf(runs),
    conclusion: done ? (failed?.conclusion ?? 'success') : null,
    url: `${repositoryApi(world, repository)}/check-suites/${suite.id}`,
    before: suite.before,
    after: suite.headSha as string | null,
    pull_requests: pullsOn(world, repository, suite.headSha),
    app: appShape(world, appOf(world, suite.appId)),
    created_at: iso(suite.createdAt),
    updated_at: iso(Math.max(suite.createdAt, ...runs.map((run) => run.completedAt ?? run.startedAt))),
  }
}

function ownRun(world: World, repository: Repository, run: CheckRun) {
  const url = `${repositoryApi(world, repository)}/check-runs/${run.id}`
  return {
    id: run.id,
    name: run.name,
    node_id: nodeId('CR', run.id),
    head_sha: run.headSha,
    external_id: run.externalId,
    url,
    html_url: `${repositoryPage(world, repository)}/runs/${run.id}`,
    details_url: run.detailsUrl,
    status: run.status,
    conclusion: run.conclusion,
    started_at: iso(run.startedAt),
    completed_at: isoOrNull(run.completedAt),
    output: {
      title: run.title,
      summary: run.summary,
      text: run.text,
      annotations_count: run.annotations.length,
      annotations_url: `${url}/annotations`,
    },
    app: appShape(world, appOf(world, run.appId)),
    pull_requests: pullsOn(world, repository, run.headSha),
  }
}

/** A check run as the API shows it. */
export function checkRunShape(world: World, repository: Repository, run: CheckRun) {
  return {
    ...ownRun(world, repository, run),
    check_suite: { id: suiteOf(repository, run).id },
  } satisfies components['schemas']['check-run']
}

/** A check run as webhooks show it: with its whole suite. */
export function checkRunPayload(world: World, repository: Repository, run: CheckRun) {
  return {
    ...ownRun(world, repository, run),
    check_suite: ownSuite(world, repository, suiteOf(repository, run)),
  }
}

function suiteOf(repository: Repository, run: CheckRun): CheckSuite {
  const suite = repository.checkSuites.find(
    (each) => each.appId === run.appId && each.headSha === run.headSha,
  )
  if (!suite) throw new Error(`check run ${run.id} has no suite`)
  return suite
}
