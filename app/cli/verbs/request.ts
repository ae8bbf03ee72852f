import { requestId } from '../../request/id.ts'
import { clientConfigurationSchema, type RequestWithDecision, requestWithDecisionSchema } from '../api.ts'
import { type Client, clientFor } from '../client.ts'
import { decisionText, whoCanApprove } from '../decision-text.ts'
import type { CliDeps } from '../deps.ts'
import { Failure } from '../failure.ts'
import { githubAsUser } from '../github.ts'
import { requestFile } from '../request-file.ts'
import { said } from '../terminal/said.ts'
import { styleFor } from '../terminal/style.ts'
import { waitFor } from '../terminal/wait.ts'
import { type Args, flag, need, text, type Verb } from '../verb.ts'
import { repositoryOf } from '../which-repository.ts'

/** How long the first verdict is waited for without --wait. */
const firstVerdictMs = 20_000
const over = ['denied', 'cancelled', 'lapsed', 'refused', 'failed', 'quarantined', 'ended']

export const request: Verb = {
  name: 'request',
  summary: 'Ask for access: writes the file, pushes a branch and opens the pull request as you',
  options: [
    { flags: '--provider <name>', summary: 'aws, azure, gcp, kubernetes or mock', required: true },
    { flags: '--role <name>', summary: 'a role of the catalogue', required: true },
    { flags: '--scope <value>', summary: 'where: account, subscription, project, cluster', required: true },
    { flags: '--duration <duration>', summary: 'for how long: 30m, 2h, 1h30m', required: true },
    { flags: '--reason <text>', summary: 'why; everybody who reviews reads it', required: true },
    { flags: '--ticket <id>', summary: 'the ticket it belongs to' },
    {
      flags: '--break-glass',
      summary: 'emergency access, reviewed afterwards; not available yet: such a request is denied',
    },
    { flags: '--wait', summary: 'wait until it is approved, or granted where gitsudo merges by itself' },
    { flags: '-q, --quiet', summary: 'print the ID only' },
  ],
  remote: true,
  json: true,

  async run(deps, args) {
    const client = clientFor(deps, args)
    const configuration = await client.get('/api/v1/client-configuration', clientConfigurationSchema)
    const repository = repositoryOf(configuration.repositories, text(args, 'repo'))
    const slug = deps.slug()
    const file = requestFile(
      {
        requester: configuration.login,
        provider: need(args, 'provider'),
        role: need(args, 'role'),
        scope: need(args, 'scope'),
        duration: need(args, 'duration'),
        reason: need(args, 'reason'),
        ticket: text(args, 'ticket'),
        breakGlass: flag(args, 'breakGlass'),
      },
      deps.clock.now(),
      slug,
    )
    const github = githubAsUser(deps, configuration.github_api_url, client.token ?? '')
    const pull = await github.openPull({
      repository: repository.name,
      base: repository.branch,
      branch: `gitsudo/${configuration.login.toLowerCase()}-${slug}`,
      path: file.path,
      content: file.text,
      title: file.title,
      body: file.request.reason,
    })
    const id = requestId(repository.id, pull.number, file.path)
    return follow(deps, args, client, { id, pull, automatic: repository.merge === 'auto' })
  },
}

type Submitted = {
  readonly id: string
  readonly pull: { readonly number: number; readonly url: string }
  readonly automatic: boolean
}

/** Says that it is submitted, then what the service makes of it, as far as it was asked to wait. */
async function follow(
  deps: CliDeps,
  args: Args,
  client: Client,
  { id, pull, automatic }: Submitted,
): Promise<number> {
  const quiet = flag(args, 'quiet')
  const json = !quiet && args.output === 'json'
  const style = styleFor(deps.out, deps.env)
  const say = (line: string) => !quiet && !json && deps.out.write(`${line}\n`)
  const tell = (row: unknown) => json && deps.out.write(`${JSON.stringify(row, null, 2)}\n`)
  say(said`${style.green('✓')} Request submitted (ID: ${id})`)
  say(said`  ${pull.url}`)
  if (quiet) deps.out.write(`${id}\n`)

  const submitted = { id, state: 'pending', pull_request: pull.number, pull_request_url: pull.url }
  const last = await verdict(deps, args, client, { id, automatic }, say).catch((error: unknown) => {
    // It is there: who does not hear its ID asks for another.
    tell(submitted)
    throw error
  })
  tell(last ?? submitted)
  if (last === undefined) return 0
  if (isOver(last)) {
    const why = last.summary ?? last.note ?? 'see the pull request'
    say(`${said`${style.red('✗')} ${last.state}: ${why}`}\n\n${decisionText(last, deps)}`)
    return 1
  }
  if (last.state === 'approved')
    say(
      said`${style.green('✓')} Approved; ${automatic ? 'gitsudo merges it now' : `merge it to start: ${pull.url}`}`,
    )
  else if (last.state === 'active') say(said`${style.green('✓')} Active: gitsudo exec ${id} -- COMMAND`)
  return 0
}

/** What the service says at last, as far as it was asked to wait; undefined: nothing yet. */
async function verdict(
  deps: CliDeps,
  args: Args,
  client: Client,
  { id, automatic }: Pick<Submitted, 'id' | 'automatic'>,
  say: (line: string) => void,
): Promise<RequestWithDecision | undefined> {
  const first = await waitFor(deps, 'gitsudo looks at it', () => decided(client, id), {
    everyMs: 500,
    limitMs: firstVerdictMs,
  })
  const waiting = first === undefined || ['pending', 'denied'].includes(first.state)
  if (waiting && !isOver(first)) {
    say(`⏳ Awaiting approval${first === undefined ? '' : whoCanApprove(first)}`)
    if (first === undefined) say('  gitsudo has not looked at it yet; gitsudo status shows when it has')
  }
  const done = (row: RequestWithDecision | undefined) =>
    row !== undefined && (isOver(row) || row.state === 'active' || (row.state === 'approved' && !automatic))
  if (!flag(args, 'wait') || done(first)) return first
  return waitFor(deps, 'waiting for approval', async () => {
    const row = await decided(client, id)
    return done(row) ? row : undefined
  })
}

/** The request once the service has decided on it at least once. */
async function decided(client: Client, id: string): Promise<RequestWithDecision | undefined> {
  try {
    const row = await client.get(`/api/v1/requests/${id}`, requestWithDecisionSchema)
    return row.decision === undefined ? undefined : row
  } catch (error) {
    // Not known yet: the webhook is still on its way.
    if (error instanceof Failure && error.kind === 'absent') return undefined
    throw error
  }
}

function isOver(row: RequestWithDecision | undefined): boolean {
  return row !== undefined && over.includes(row.state)
}
