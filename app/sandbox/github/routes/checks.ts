import { need } from '../access.ts'
import {
  type Call,
  callerOf,
  created,
  get,
  numberIn,
  ok,
  patch,
  post,
  type Route,
  repositoryIn,
} from '../call.ts'
import { announce } from '../change/announce.ts'
import { announceSuite, ensureSuite, runCompleted } from '../change/check-suite.ts'
import { checkReported } from '../change/merge-queue.ts'
import { commitNamed } from '../change/resolve.ts'
import { forbidden, invalid, notFound, validationFailed } from '../errors.ts'
import { page } from '../page.ts'
import { checkRunPayload, checkRunShape, latestRuns, suiteShape } from '../shapes/check.ts'
import type { App } from '../state/app.ts'
import { type CheckRun, type CheckSuite, CONCLUSIONS } from '../state/check.ts'
import type { Repository } from '../state/repository.ts'

const LONGEST = 65_535
const reading = need('checks', 'read')
const writing = need('checks', 'write')
const STATUSES = ['queued', 'in_progress', 'completed'] as const
const LEVELS = ['notice', 'warning', 'failure'] as const

/** Only an App may write check runs. */
function appWriting(call: Call): { app: App; repository: Repository } {
  if (call.actor.kind !== 'installation') {
    repositoryIn(call, need('metadata', 'read'))
    throw forbidden('You must authenticate via a GitHub App.')
  }
  return { app: call.actor.app, repository: repositoryIn(call, writing) }
}

function runIn(call: Call, repository: Repository): CheckRun {
  const run = repository.checkRuns.get(numberIn(call, 'check_run_id'))
  if (!run) throw notFound()
  return run
}

function suiteIn(call: Call, repository: Repository): CheckSuite {
  const id = numberIn(call, 'check_suite_id')
  const suite = repository.checkSuites.find((each) => each.id === id)
  if (!suite) throw notFound()
  return suite
}

/** Reads what both creating and updating may set. */
function apply(call: Call, run: CheckRun): void {
  const { body, world } = call
  run.name = body.textOr('name', run.name)
  run.externalId = body.textOr('external_id', run.externalId)
  run.detailsUrl = body.textOr('details_url', run.detailsUrl)
  run.startedAt = time(body.textOr('started_at', null)) ?? run.startedAt
  const conclusion = body.one('conclusion', CONCLUSIONS)
  const status = body.one('status', STATUSES) ?? (conclusion ? 'completed' : run.status)
  if (status === 'completed' && !conclusion && run.conclusion === null)
    throw invalid('Invalid request.\n\nNo subschema in "anyOf" matched.\n"conclusion" wasn\'t supplied.')
  run.conclusion = status === 'completed' ? (conclusion ?? run.conclusion) : null
  run.completedAt =
    status === 'completed'
      ? (time(body.textOr('completed_at', null)) ?? run.completedAt ?? world.clock.now())
      : null
  run.status = status
  const output = body.object('output')
  if (!output) return
  run.title = output.textOr('title', run.title)
  run.summary = limited(output.textOr('summary', run.summary), 'summary')
  run.text = limited(output.textOr('text', run.text), 'text')
  const annotations = output.objects('annotations')
  if (annotations.length > 50)
    throw invalid('Invalid request.\n\nNo more than 50 items are allowed; 50 were supplied.')
  for (const each of annotations) {
    run.annotations.push({
      path: each.text('path'),
      start_line: each.integerOr('start_line', 1),
      end_line: each.integerOr('end_line', 1),
      start_column: each.integerOr('start_column', null),
      end_column: each.integerOr('end_column', null),
      annotation_level: each.one('annotation_level', LEVELS) ?? 'notice',
      title: each.textOr('title', null),
      message: each.text('message'),
      raw_details: each.textOr('raw_details', null),
    })
  }
}

function limited(text: string | null, field: string): string | null {
  if (text !== null && text.length > LONGEST)
    throw validationFailed({
      resource: 'CheckRun',
      code: 'custom',
      field,
      message: `${field} exceeds a maximum length of ${LONGEST}`,
    })
  return text
}

function time(text: string | null): number | null {
  if (text === null) return null
  const at = Date.parse(text)
  if (Number.isNaN(at)) throw invalid(`Invalid request.\n\n"${text}" is not a valid date-time.`)
  return at
}

async function tell(call: Call, repository: Repository, run: CheckRun, action: string, senderId: number) {
  await announce(call.world, repository, senderId, 'check_run', action, () => ({
    check_run: checkRunPayload(call.world, repository, run),
  }))
}

async function tellCompleted(call: Call, repository: Repository, run: CheckRun, senderId: number) {
  await tell(call, repository, run, 'completed', senderId)
  await runCompleted(call.world, repository, run, senderId)
}

async function create(call: Call) {
  const { app, repository } = appWriting(call)
  const { world } = call
  const headSha = call.body.text('head_sha')
  if ((await repository.objects.read(headSha))?.type !== 'commit')
    throw invalid(`No commit found for SHA: ${headSha}`)
  const now = world.clock.now()
  const run: CheckRun = {
    id: world.nextId(),
    appId: app.id,
    headSha,
    name: call.body.text('name'),
    externalId: '',
    detailsUrl: `${world.url}/apps/${app.slug}`,
    status: 'queued',
    conclusion: null,
    startedAt: now,
    completedAt: null,
    title: null,
    summary: null,
    text: null,
    annotations: [],
  }
  apply(call, run)
  ensureSuite(world, repository, app.id, headSha)
  repository.checkRuns.set(run.id, run)
  repository.runsOfHead.set(headSha, [...(repository.runsOfHead.get(headSha) ?? []), run])
  await tell(call, repository, run, 'created', app.botId)
  if (run.status === 'completed') await tellCompleted(call, repository, run, app.botId)
  await checkReported(repository)
  return created(checkRunShape(world, repository, run))
}

async function update(call: Call) {
  const { app, repository } = appWriting(call)
  const run = runIn(call, repository)
  if (run.appId !== app.id)
    throw forbidden(
      `Invalid app_id \`${app.id}\` - check run can only be modified by the GitHub App that created it.`,
    )
  const wasDone = run.status === 'completed'
  apply(call, run)
  if (run.status === 'completed' && !wasDone) await tellCompleted(call, repository, run, app.botId)
  await checkReported(repository)
  return ok(checkRunShape(call.world, repository, run))
}

async function list(call: Call) {
  const repository = repositoryIn(call, reading)
  const sha = await commitNamed(repository, call.param('ref'))
  const query = call.url.searchParams
  const [name, status, appId] = [query.get('check_name'), query.get('status'), query.get('app_id')]
  const runs = (repository.runsOfHead.get(sha) ?? [])
    .filter((run) => name === null || run.name === name)
    .filter((run) => status === null || run.status === status)
    .filter((run) => appId === null || String(run.appId) === appId)
  const shown = (query.get('filter') === 'all' ? runs : latestRuns(runs)).reverse()
  return page(
    call,
    shown,
    (run) => checkRunShape(call.world, repository, run),
    (check_runs) => ({ total_count: shown.length, check_runs }),
  )
}

export const checkRoutes: readonly Route[] = [
  post('/repos/{owner}/{repo}/check-runs', create),
  get('/repos/{owner}/{repo}/check-runs/{check_run_id}', (call) => {
    const repository = repositoryIn(call, reading)
    return ok(checkRunShape(call.world, repository, runIn(call, repository)))
  }),
  patch('/repos/{owner}/{repo}/check-runs/{check_run_id}', update),
  get('/repos/{owner}/{repo}/check-runs/{check_run_id}/annotations', (call) => {
    const repository = repositoryIn(call, reading)
    const run = runIn(call, repository)
    return page(call, run.annotations, (annotation) => ({
      ...annotation,
      blob_href: `${call.world.url}/${call.param('owner')}/${call.param('repo')}/blob/${run.headSha}/${annotation.path}`,
    }))
  }),
  post('/repos/{owner}/{repo}/check-runs/{check_run_id}/rerequest', async (call) => {
    const repository = repositoryIn(call, writing)
    const run = runIn(call, repository)
    await tell(call, repository, run, 'rerequested', callerOf(call).id)
    return created({})
  }),
  get('/repos/{owner}/{repo}/commits/{ref}/check-runs', list),
  get('/repos/{owner}/{repo}/commits/{ref}/check-suites', async (call) => {
    const repository = repositoryIn(call, reading)
    const sha = await commitNamed(repository, call.param('ref'))
    const suites = repository.checkSuites.filter((suite) => suite.headSha === sha)
    return page(
      call,
      suites,
      (suite) => suiteShape(call.world, repository, suite),
      (check_suites) => ({ total_count: suites.length, check_suites }),
    )
  }),
  get('/repos/{owner}/{repo}/check-suites/{check_suite_id}', async (call) => {
    const repository = repositoryIn(call, reading)
    return ok(await suiteShape(call.world, repository, suiteIn(call, repository)))
  }),
  post('/repos/{owner}/{repo}/check-suites/{check_suite_id}/rerequest', async (call) => {
    const repository = repositoryIn(call, writing)
    const suite = suiteIn(call, repository)
    await announceSuite(call.world, repository, suite, callerOf(call).id, 'rerequested')
    return created({})
  }),
]
